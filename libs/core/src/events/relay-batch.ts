import type { Pool, PoolClient } from 'pg'
import type { Queues } from '../queue/index.ts'
import { lockRows, type CountedRows, type Taken, type Taking } from './counted-rows.ts'
import { dueAt, type OwedDelivery } from './event-job.ts'
import { handOver } from './hand-over.ts'
import { mostBytes } from './payload-bytes.ts'
import { inTransaction } from './transaction.ts'

/** The events that no relay has published, in the order of their inserts. */
export const unpublishedEvents: CountedRows = {
  table: 'outbox_event',
  column: 'sequence',
  condition: 'published_at IS NULL',
}

type EventRow = Pick<OwedDelivery, 'name' | 'payload' | 'trace_context' | 'occurred_at'> & {
  id: string
  key: string | null
  sequence: string
}

interface Subscriber {
  listener_id: string
  event_name: string
  queue: string
  ordered: boolean
  held: boolean
}

type DeliveryRow = Pick<OwedDelivery, 'event_id' | 'listener_id' | 'queue' | 'order_key' | 'is_new'>

export interface RelayBatchDeps {
  pool: Pool
  queues: Queues
}

export interface RelayedBatch extends Taken {
  /** How long each event waited, in seconds. */
  lags: number[]
  /**
   * Whether a delivery may have become due: ordered ones get no job in the batch, because another
   * relay may hold an earlier event of the key.
   */
  hasDue: boolean
}

/**
 * Turns the oldest unpublished events after a number into one job for each subscribed listener.
 * Either all of it is marked as published or nothing; another relay at work at the same time takes
 * the next events.
 */
export const relayBatch = (
  { pool, queues }: RelayBatchDeps,
  taking: Taking,
): Promise<RelayedBatch> =>
  inTransaction(pool, async (client) => {
    const { events, isMore } = await takeUnpublished(client, taking)
    if (events.length === 0)
      return { count: 0, last: undefined, isMore: false, lags: [], hasDue: false }
    const subscribers = await findSubscribers(client, events)
    const deliveries = await writeDeliveries(client, events, subscribers)
    const hasDue = await writeDueKeys(client, events, subscribers)
    await handOver(queues, join(events, deliveries))
    return {
      count: events.length,
      last: Number(events.at(-1)?.sequence),
      isMore,
      lags: await markPublished(client, events),
      hasDue,
    }
  })

/**
 * Those that are locked and left out for their size stay with this relay until the end of the
 * transaction.
 */
async function takeUnpublished(client: PoolClient, { after, limit }: Taking) {
  const { rows } = await client.query<EventRow & { locked: number }>({
    text: `WITH locked AS MATERIALIZED (${lockRows(unpublishedEvents, eventColumns)}),
             measured AS (
               SELECT *, count(*) OVER ()::int AS locked,
                      sum(octet_length(payload::text)) OVER (ORDER BY sequence) AS bytes,
                      row_number() OVER (ORDER BY sequence) AS place FROM locked)
           SELECT ${eventColumns}, locked FROM measured
           WHERE bytes <= ${mostBytes} OR place = 1 ORDER BY sequence`,
    values: [after, limit],
  })
  return {
    events: rows,
    isMore: (rows[0]?.locked ?? 0) === limit || rows.length < (rows[0]?.locked ?? 0),
  }
}

const eventColumns = 'id, name, payload, trace_context, occurred_at, key, sequence'

/**
 * Subscribers, by whatever release declared them. A subscription that holds its deliveries stays
 * locked until the end: who stops the holding waits for what is held here.
 */
async function findSubscribers(client: PoolClient, events: EventRow[]): Promise<Subscriber[]> {
  const { rows } = await client.query<Subscriber>(
    `WITH held AS (
       SELECT listener_id, event_name FROM event_subscription
       WHERE event_name = ANY($1) AND holding FOR SHARE)
     SELECT s.listener_id, s.event_name, min(s.queue) AS queue, bool_or(s.ordered) AS ordered,
            bool_or(h.listener_id IS NOT NULL) AS held
     FROM event_subscription s LEFT JOIN held h USING (listener_id, event_name)
     WHERE s.event_name = ANY($1) GROUP BY 1, 2 ORDER BY 1`,
    [[...new Set(events.map(({ name }) => name))]],
  )
  return rows
}

/**
 * Returns those that are to be handed over: after a failed attempt of an earlier relay, some may be
 * handled already.
 */
async function writeDeliveries(
  client: PoolClient,
  events: EventRow[],
  subscribers: Subscriber[],
): Promise<DeliveryRow[]> {
  const { rows } = await client.query<DeliveryRow & { is_queued: boolean }>({
    text: `INSERT INTO event_delivery AS d
             (event_id, listener_id, queue, order_key, sequence, enqueued_at, held_at)
           SELECT e.id, s.listener_id, s.queue, o.key,
                  CASE WHEN o.key IS NOT NULL THEN e.sequence END,
                  CASE WHEN o.key IS NULL AND NOT s.held THEN greatest(now(), e.due_at) END,
                  CASE WHEN s.held THEN now() END
           FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[])
                  AS e(id, name, sequence, key, due_at)
           JOIN unnest($6::text[], $7::text[], $8::text[], $9::bool[], $10::bool[])
                  AS s(listener_id, event_name, queue, ordered, held) ON s.event_name = e.name
           CROSS JOIN LATERAL (SELECT CASE WHEN s.ordered THEN e.key END) AS o(key)
           ORDER BY e.id, s.listener_id
           ON CONFLICT (event_id, listener_id) DO UPDATE
           SET held_at = excluded.held_at,
               enqueued_at = CASE WHEN d.order_key IS NULL THEN excluded.enqueued_at ELSE d.enqueued_at END
           WHERE d.finished_at IS NULL AND d.dead_at IS NULL
           RETURNING event_id, listener_id, queue, order_key, d.xmax = 0 AS is_new,
                     order_key IS NULL AND held_at IS NULL AS is_queued`,
    values: [
      events.map(({ id }) => id),
      events.map(({ name }) => name),
      events.map(({ sequence }) => sequence),
      events.map(({ key }) => key),
      events.map((event) => dueAt(event)),
      ...subscriberColumns(subscribers),
    ],
  })
  return rows.filter((row) => row.is_queued)
}

const subscriberColumns = (subscribers: Subscriber[]): unknown[] => [
  subscribers.map(({ listener_id }) => listener_id),
  subscribers.map(({ event_name }) => event_name),
  subscribers.map(({ queue }) => queue),
  subscribers.map(({ ordered }) => ordered),
  subscribers.map(({ held }) => held),
]

/**
 * For each key of an ordered listener, whatever became of its delivery: an earlier event that is
 * published now held up later ones until here.
 */
async function writeDueKeys(
  client: PoolClient,
  events: EventRow[],
  subscribers: Subscriber[],
): Promise<boolean> {
  const ordered = subscribers.filter((each) => each.ordered && !each.held)
  const keyed = events.filter(({ key }) => key !== null)
  if (ordered.length === 0 || keyed.length === 0) return false
  await client.query(
    `INSERT INTO event_due (listener_id, order_key)
     SELECT DISTINCT s.listener_id, e.key
     FROM unnest($1::text[], $2::text[]) AS e(name, key)
     JOIN unnest($3::text[], $4::text[]) AS s(listener_id, event_name) ON s.event_name = e.name`,
    [
      keyed.map(({ name }) => name),
      keyed.map(({ key }) => key),
      ordered.map(({ listener_id }) => listener_id),
      ordered.map(({ event_name }) => event_name),
    ],
  )
  return true
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
