import type { Queue } from 'bullmq'
import { withDeadline, type RedisConnection } from '../redis/index.ts'

const deadlineMs = 5_000

export interface SchedulerClaimDeps {
  redis: RedisConnection
  /** How long a claim lasts that is not renewed. */
  lastsMs: number
}

/**
 * Lets one scheduler decide about a queue: the one that was started last. Schedulers of two
 * releases would otherwise change each other's schedules back at every look, and a schedule that is
 * written anew may run its task at once. A claim ends soon after its scheduler, so that one that
 * goes on takes over.
 */
export function createSchedulerClaim({ redis, lastsMs }: SchedulerClaimDeps) {
  /** With a fraction, because two schedulers may start within a millisecond. */
  const startedAt = performance.timeOrigin + performance.now()
  return { renew }

  /** Returns false while a scheduler that was started later decides. */
  async function renew(queue: Queue): Promise<boolean> {
    const key = queue.toKey('scheduled-by')
    const claimedAt = await withDeadline(redis.client.get(key), deadlineMs)
    if (Number(claimedAt) > startedAt) return false
    await withDeadline(redis.client.set(key, startedAt, 'PX', lastsMs), deadlineMs)
    return true
  }
}
