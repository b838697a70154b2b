import type { Pool, PoolClient } from 'pg'
import type { Queues } from '../queue/index.ts'
import type { OwedDelivery } from './event-job.ts'
import { handOver } from './hand-over.ts'
import { inTransaction } from './transaction.ts'

export const batchSize = 500

type EventRow = Pick<OwedDelivery, 'name' | 'payload' | 'trace_context' | 'occurred_at'> & {
  id: string
}
type DeliveryRow = Pick<OwedDelivery, 'event_id' | 'listener_id' | 'queue'>

export interface RelayBatchDeps {
  pool: Pool
  queues: Queues
}

/**
 * Turns the oldest unpublished events into one job for each subscribed listener, and gives their number. Either all of it is marked as
 * published or nothing; another relay at work at the same time takes the next events.
 */
export const relayBatch = ({ pool, queues }: RelayBatchDeps): Promise<number> =>
  inTransaction(pool, async (client) => {
    const events = await takeUnpublished(client)
    if (events.length === 0) return 0
    const deliveries = await writeDeliveries(client, events)
    await handOver(queues, join(events, deliveries))
    await markPublished(client, events)
    return events.length
  })

async function takeUnpublished(client: PoolClient): Promise<EventRow[]> {
  const { rows } = await client.query<EventRow>({
    text: `SELECT id, name, payload, trace_context, occurred_at FROM outbox_event
           WHERE published_at IS NULL ORDER BY id LIMIT ${batchSize} FOR UPDATE SKIP LOCKED`,
  })
  return rows
}

/** Gives those that are still owed: after a failed attempt of an earlier relay, some may be handled already. */
async function writeDeliveries(client: PoolClient, events: EventRow[]): Promise<DeliveryRow[]> {
  const { rows } = await client.query<DeliveryRow>({
    text: `INSERT INTO event_delivery AS d (event_id, listener_id, queue)
           SELECT e.id, s.listener_id, s.queue
           FROM unnest($1::uuid[], $2::text[]) AS e(id, name)
           JOIN event_subscription s ON s.event_name = e.name
           ORDER BY e.id, s.listener_id
           ON CONFLICT (event_id, listener_id) DO UPDATE SET enqueued_at = now()
           WHERE d.finished_at IS NULL AND d.dead_at IS NULL
           RETURNING event_id, listener_id, queue`,
    values: [events.map(({ id }) => id), events.map(({ name }) => name)],
  })
  return rows
}

async function markPublished(client: PoolClient, events: EventRow[]): Promise<void> {
  await client.query({
    text: 'UPDATE outbox_event SET published_at = now() WHERE id = ANY($1::uuid[])',
    values: [events.map(({ id }) => id)],
  })
}

function join(events: EventRow[], deliveries: DeliveryRow[]): OwedDelivery[] {
  const byId = new Map(events.map((event) => [event.id, event]))
  return deliveries.flatMap((delivery) => {
    const event = byId.get(delivery.event_id)
    return event ? [{ ...event, ...delivery }] : []
  })
}
