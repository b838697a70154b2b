import { withDeadline } from '../redis/index.ts'
import type { Queues } from './queues.ts'

const deadlineMs = 1_000

/**
 * Reports whether a job that BullMQ has handed out may run. BullMQ stores in Redis how many jobs of
 * a queue run at once over all processes, and hands out any number where that is missing: before a
 * scheduler has been there, or after Redis was emptied. Then the limit is written, and jobs beyond
 * it have to wait. They are counted in each case: another process may have written it a moment ago.
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
  if (written === null) await withDeadline(queue.setGlobalConcurrency(limit), deadlineMs)
  return active <= Number(written ?? limit)
}
