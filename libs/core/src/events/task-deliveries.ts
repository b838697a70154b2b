import type { Pool } from 'pg'
import { z } from 'zod'
import { JobNotStarted, type DeliveryRecord } from '../queue/index.ts'
import { deliveryId } from './event-job.ts'
import { createInbox } from './inbox.ts'

/** For `createTaskWorkers`: marks tasks that came through the outbox as done or given up, as listeners' deliveries are. */
export function createTaskDeliveries(pool: Pool): DeliveryRecord {
  const inbox = createInbox(pool)
  return { find }

  function find(job: { id: string; name: string }, queue: string) {
    const eventId = job.id.slice(0, -deliveryId('', job.name).length)
    if (!z.uuid().safeParse(eventId).success) return undefined
    const key = { eventId, listenerId: job.name, queue }
    return {
      isFinished: async () => (await stateOf()) === 'finished',
      finish: () => inbox.finish(key),
      giveUp: (reason: string) => inbox.giveUp(key, reason),
    }

    function stateOf() {
      return inbox.stateOf(key).catch((cause: unknown) => {
        throw new JobNotStarted('The inbox cannot be read.', { cause })
      })
    }
  }
}
