import { withDeadline } from '../redis/index.ts'
import type { Queues } from './queues.ts'

const deadlineMs = 1_000

/**
 * Whether a job of this queue may run that BullMQ has handed out. BullMQ keeps in Redis how many run at once over all processes, and hands out any
 * number where that is missing: before a scheduler has been there, or after Redis was emptied. Then the limit is written, and those beyond it are
 * to wait.
 */
export async function mayRunBeside(
  queues: Pick<Queues, 'get' | 'redis'>,
  name: string,
  limit: number,
): Promise<boolean> {
  const queue = queues.get(name)
  const { client } = queues.redis
  const [written, active] = await withDeadline(
    Promise.all([
      client.hget(queue.toKey('meta'), 'concurrency'),
      client.llen(queue.toKey('active')),
    ]),
    deadlineMs,
  )
  if (written !== null) return true
  await withDeadline(queue.setGlobalConcurrency(limit), deadlineMs)
  return active <= limit
}
