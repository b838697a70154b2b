import type { Pool, PoolClient } from 'pg'
import type { Queues } from '../queue/index.ts'
import type { Turn } from './due-deliveries.ts'
import type { OwedDelivery } from './event-job.ts'
import { handOver } from './hand-over.ts'
import { inTransaction } from './transaction.ts'

export const batchSize = 500

type EventRow = Pick<OwedDelivery, 'name' | 'payload' | 'trace_context' | 'occurred_at'> & {
  id: string
  key: string | null
  sequence: string
}
type DeliveryRow = Pick<OwedDelivery, 'event_id' | 'listener_id' | 'queue' | 'order_key' | 'is_new'>

export interface RelayBatchDeps {
  pool: Pool
  queues: Queues
}

export interface RelayedBatch {
  events: number
  /** Sequence of the last event; 0 without any. */
  last: number
  /** How long each event waited, in seconds. */
  lags: number[]
  /** Whose next delivery may be due: ordered ones get no job in the batch, because another relay may hold an earlier event of the key. */
  turns: Turn[]
}

/**
 * Turns the oldest unpublished events after `after` into one job for each subscribed listener. Either all of it is marked as published or
 * nothing; another relay at work at the same time takes the next events.
 */
export const relayBatch = ({ pool, queues }: RelayBatchDeps, after = 0): Promise<RelayedBatch> =>
  inTransaction(pool, async (client) => {
    const events = await takeUnpublished(client, after)
    if (events.length === 0) return { events: 0, last: 0, lags: [], turns: [] }
    const deliveries = await writeDeliveries(client, events)
    const [ordered, free] = partition(deliveries, ({ order_key }) => order_key !== null)
    await handOver(queues, join(events, free))
    return {
      events: events.length,
      last: Number(events.at(-1)?.sequence),
      lags: await markPublished(client, events),
      turns: ordered.map(({ listener_id, order_key }) => ({
        listenerId: listener_id,
        orderKey: order_key ?? '',
      })),
    }
  })

async function takeUnpublished(client: PoolClient, after: number): Promise<EventRow[]> {
  const { rows } = await client.query<EventRow>({
    text: `SELECT id, name, payload, trace_context, occurred_at, key, sequence FROM outbox_event
           WHERE published_at IS NULL AND sequence > $1
           ORDER BY sequence LIMIT ${batchSize} FOR UPDATE SKIP LOCKED`,
    values: [after],
  })
  return rows
}

/** Gives those that are still owed: after a failed attempt of an earlier relay, some may be handled already. */
async function writeDeliveries(client: PoolClient, events: EventRow[]): Promise<DeliveryRow[]> {
  const { rows } = await client.query<DeliveryRow>({
    text: `INSERT INTO event_delivery AS d
             (event_id, listener_id, queue, order_key, sequence, enqueued_at)
           SELECT e.id, s.listener_id, s.queue, o.key,
                  CASE WHEN o.key IS NOT NULL THEN e.sequence END,
                  CASE WHEN o.key IS NULL THEN now() END
           FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[])
                  AS e(id, name, sequence, key)
           JOIN event_subscription s ON s.event_name = e.name
           CROSS JOIN LATERAL (SELECT CASE WHEN s.ordered THEN e.key END) AS o(key)
           ORDER BY e.id, s.listener_id
           ON CONFLICT (event_id, listener_id) DO UPDATE
           SET enqueued_at = CASE WHEN d.order_key IS NULL THEN now() ELSE d.enqueued_at END
           WHERE d.finished_at IS NULL AND d.dead_at IS NULL
           RETURNING event_id, listener_id, queue, order_key, d.xmax = 0 AS is_new`,
    values: [
      events.map(({ id }) => id),
      events.map(({ name }) => name),
      events.map(({ sequence }) => sequence),
      events.map(({ key }) => key),
    ],
  })
  return rows
}

async function markPublished(client: PoolClient, events: EventRow[]): Promise<number[]> {
  const { rows } = await client.query<{ lag: number }>({
    text: `UPDATE outbox_event SET published_at = now() WHERE id = ANY($1::uuid[])
           RETURNING extract(epoch FROM clock_timestamp() - occurred_at)::float8 AS lag`,
    values: [events.map(({ id }) => id)],
  })
  return rows.map(({ lag }) => Math.max(lag, 0))
}

function join(events: EventRow[], deliveries: DeliveryRow[]): OwedDelivery[] {
  const byId = new Map(events.map((event) => [event.id, event]))
  return deliveries.flatMap((delivery) => {
    const event = byId.get(delivery.event_id)
    return event ? [{ ...event, ...delivery }] : []
  })
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean) {
  const { first = [], other = [] } = Object.groupBy(items, (item) =>
    isFirst(item) ? 'first' : 'other',
  )
  return [first, other] as const
}
