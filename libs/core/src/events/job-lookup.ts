import { withDeadline } from '../redis/index.ts'
import type { Queues } from '../queue/index.ts'
import { idOf } from './delivery-keys.ts'
import type { OwedDelivery } from './event-job.ts'

/** `missing` also where BullMQ holds the job as completed: then its id is freed, because BullMQ ignores an id that it knows. */
export type JobPresence = 'present' | 'missing' | 'failed'

const deadlineMs = 5_000

/** What BullMQ knows of these deliveries' jobs, in one round trip. */
export async function findJobs(
  queues: Queues,
  deliveries: readonly Pick<OwedDelivery, 'event_id' | 'listener_id' | 'queue'>[],
): Promise<Map<string, JobPresence>> {
  const pipeline = queues.redis.client.pipeline()
  for (const delivery of deliveries) {
    const id = idOf(delivery)
    const queue = queues.get(delivery.queue)
    pipeline.exists(queue.toKey(id))
    pipeline.zscore(queue.toKey('completed'), id)
    pipeline.zscore(queue.toKey('failed'), id)
  }
  const answers = (await withDeadline(pipeline.exec(), deadlineMs)) ?? []
  const found = new Map<string, JobPresence>()
  for (const [index, delivery] of deliveries.entries()) {
    const [exists, completed, failed] = answers.slice(index * 3, index * 3 + 3).map(valueOf)
    const id = idOf(delivery)
    if (completed !== null) await withDeadline(queues.get(delivery.queue).remove(id), deadlineMs)
    found.set(id, failed !== null ? 'failed' : exists && completed === null ? 'present' : 'missing')
  }
  return found
}

function valueOf([error, value]: [Error | null, unknown]): unknown {
  if (error) throw error
  return value
}
