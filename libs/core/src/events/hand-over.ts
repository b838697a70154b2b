import { withDeadline } from '../redis/index.ts'
import type { Queues } from '../queue/index.ts'
import { toBullJob, type OwedDelivery } from './event-job.ts'
import { traceRelay } from './relay-trace.ts'

/** Redis takes 500 jobs in some 20 ms. */
const deadlineMs = 5_000

/**
 * Gives deliveries to BullMQ, one job each. Throws when Redis is away or too slow; some jobs may be there all the same, which does no
 * harm: the next time they have the same ids.
 */
export async function handOver(queues: Queues, deliveries: readonly OwedDelivery[]): Promise<void> {
  await traceRelay(deliveries, async (traceContextOf) => {
    const redisRun = queues.redisRun()
    const byQueue = Map.groupBy(deliveries, ({ queue }) => queue)
    const adding = [...byQueue].map(([queue, owed]) =>
      queues
        .get(queue)
        .addBulk(owed.map((delivery) => toBullJob(delivery, traceContextOf(delivery), redisRun))),
    )
    await withDeadline(Promise.all(adding), deadlineMs)
  })
}
