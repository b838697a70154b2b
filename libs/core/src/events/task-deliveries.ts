import type { Pool } from 'pg'
import { z } from 'zod'
import { JobNotStarted, type DeliveryRecord } from '../queue/index.ts'
import { deliveryId } from './event-job.ts'
import { createInbox } from './inbox.ts'
import { taskEvent } from './queued-task.ts'

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
      finish: async () => void (await inbox.finish(key)),
      hold: async () => {
        const eventName = taskEvent(job.name)
        if (!(await inbox.hold({ event_id: key.eventId, listener_id: job.name, eventName })))
          await inbox.giveUp(key, 'The task no longer exists.')
      },
      giveUp: (reason: string) => inbox.giveUp(key, reason),
    }

    function stateOf() {
      return inbox.stateOf(key).catch((cause: unknown) => {
        throw new JobNotStarted('The inbox cannot be read.', { cause })
      })
    }
  }
}
