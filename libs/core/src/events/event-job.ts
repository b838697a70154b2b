import { z } from 'zod'
import { workerBackoff } from '../queue/index.ts'

/** What a listener's job carries: ids, and the payload of the event, which holds ids itself. */
export const EventJob = z.object({
  eventId: z.uuid(),
  name: z.string(),
  payload: z.unknown(),
  occurredAt: z.iso.datetime(),
})
export type EventJob = z.infer<typeof EventJob>

/** One event for one listener, as the database tells it. */
export interface OwedDelivery {
  event_id: string
  listener_id: string
  queue: string
  name: string
  payload: unknown
  trace_context: Record<string, string> | null
  occurred_at: Date
}

/** The same id whenever a delivery is handed over, so that BullMQ takes it once. */
export const deliveryId = (eventId: string, listenerId: string): string =>
  `${eventId}.${listenerId}`

/** The listener's worker decides how often it is tried; BullMQ only has to let it. */
const attempts = 1_000

export const toBullJob = (delivery: OwedDelivery, traceContext: OwedDelivery['trace_context']) => ({
  name: delivery.listener_id,
  data: {
    eventId: delivery.event_id,
    name: delivery.name,
    payload: delivery.payload,
    occurredAt: delivery.occurred_at.toISOString(),
  } satisfies EventJob,
  opts: {
    jobId: deliveryId(delivery.event_id, delivery.listener_id),
    attempts,
    backoff: workerBackoff,
    // Where BullMQ looks for the trace that the job continues.
    ...(traceContext && { telemetry: { metadata: JSON.stringify(traceContext) } }),
  },
})
