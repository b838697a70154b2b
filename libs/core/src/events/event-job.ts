import { z } from 'zod'
import { nameAddition, workerBackoff } from '../queue/index.ts'
import { asksForTask, type QueuedTask } from './queued-task.ts'

/** What a listener's job carries: ids, and the payload of the event, which holds ids itself. */
export const EventJob = z.object({
  eventId: z.uuid(),
  name: z.string(),
  payload: z.unknown(),
  occurredAt: z.iso.datetime(),
  /** Names the job's addition, where nobody can have handled the delivery before it. */
  added: z.string().optional(),
})
export type EventJob = z.infer<typeof EventJob>

/** One event for one listener, as the database tells it. */
export interface OwedDelivery {
  event_id: string
  listener_id: string
  queue: string
  order_key: string | null
  name: string
  payload: unknown
  trace_context: Record<string, string> | null
  occurred_at: Date
  /** Whether it was written down just now, for the first time. */
  is_new?: boolean
}

/** The same id whenever a delivery is handed over, so that BullMQ takes it once. */
export const deliveryId = (eventId: string, listenerId: string): string =>
  `${eventId}.${listenerId}`

/** The listener's worker decides how often it is tried; BullMQ only has to let it. */
const attempts = 1_000

export function toBullJob(
  delivery: OwedDelivery,
  traceContext: OwedDelivery['trace_context'],
  redisRun: string | undefined,
) {
  const timestamp = Date.now()
  const added = delivery.is_new ? nameAddition(redisRun, timestamp) : undefined
  const { data, options } = asksForTask(delivery.name)
    ? taskJob(delivery)
    : listenerJob(delivery, added)
  return {
    name: delivery.listener_id,
    data,
    opts: {
      ...options,
      timestamp,
      jobId: deliveryId(delivery.event_id, delivery.listener_id),
      // Where BullMQ looks for the trace that the job continues.
      ...(traceContext && { telemetry: { metadata: JSON.stringify(traceContext) } }),
    },
  }
}

/** Null where it is due at once. The delay counts from when the task was enqueued. */
export function dueAt({
  name,
  payload,
  occurred_at,
}: Pick<OwedDelivery, 'name' | 'payload' | 'occurred_at'>): Date | null {
  const delay = asksForTask(name) ? ((payload as QueuedTask).options.delay ?? 0) : 0
  return delay > 0 ? new Date(occurred_at.getTime() + delay) : null
}

/** However often it is handed over, it waits only for what is left of its delay. */
function taskJob(delivery: OwedDelivery): QueuedTask {
  const { data, options } = delivery.payload as QueuedTask
  const left = (dueAt(delivery)?.getTime() ?? 0) - Date.now()
  return { data, options: { ...options, delay: Math.max(left, 0) } }
}

const listenerJob = (delivery: OwedDelivery, added: string | undefined) => ({
  data: {
    eventId: delivery.event_id,
    name: delivery.name,
    payload: delivery.payload,
    occurredAt: delivery.occurred_at.toISOString(),
    ...(added && { added }),
  } satisfies EventJob,
  options: { attempts, backoff: workerBackoff },
})
