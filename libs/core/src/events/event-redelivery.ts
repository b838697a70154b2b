import type { Pool } from 'pg'
import { insertDue, insertDueKeys } from './delivery-keys.ts'
import { idAt, lowestId } from './event-id.ts'

/** Which deliveries: those that fit all that is given. */
export interface DeliverySelection {
  eventId?: string | undefined
  listenerId?: string | undefined
}

export interface ReplaySelection extends DeliverySelection {
  /** Events that happened from then on. */
  since?: Date | undefined
}

/** Told after each batch how many deliveries have been changed so far. */
export type OnProgress = (changed: number) => void

/** Few enough for one statement to be far from its time limit. */
const batchSize = 1_000

/** By how much the clock of a process that makes ids may be ahead of that of PostgreSQL. */
const clockMarginMs = 86_400_000

/**
 * Changes what is owed, batch by batch, in PostgreSQL alone: the relays make jobs of it within a
 * second or two, also later, when they or Redis are back. Each returns the number of
 * deliveries that it changed.
 */
export function createEventRedelivery(pool: Pool) {
  return { retry, skip, replay }

  /** Deliveries that are dead now are owed again, with all their attempts. */
  async function retry(
    { eventId, listenerId }: DeliverySelection,
    onProgress?: OnProgress,
  ): Promise<number> {
    // One that dies again meanwhile stays dead.
    const until = await readClock()
    let after: Place = { deadAt: '-infinity', eventId: lowestId, listenerId: '' }
    return inBatches(onProgress, async () => {
      const from = eventId ? deliveriesOf(eventId) : deliveriesAfter(after)
      const { rows } = await pool.query<Batch & { last: Place | null }>(
        `WITH page AS MATERIALIZED (
           SELECT dead_at, event_id, listener_id FROM ${from.rows} AND dead_at <= $2
           ORDER BY dead_at, event_id, listener_id LIMIT ${batchSize}),
         chosen AS MATERIALIZED (
           SELECT d.ctid FROM page CROSS JOIN LATERAL (
             SELECT ctid, dead_at, finished_at FROM event_delivery
             WHERE event_id = page.event_id AND listener_id = page.listener_id
             OFFSET 0 FOR UPDATE) AS d
           WHERE d.dead_at <= $2 AND d.finished_at IS NULL
             AND ($1::text IS NULL OR page.listener_id = $1)),
         owed AS (
           UPDATE event_delivery SET dead_at = NULL, error = NULL, enqueued_at = NULL
           WHERE ctid = ANY(ARRAY(SELECT ctid FROM chosen)) RETURNING event_id, listener_id, order_key),
         due AS (${insertDue('owed')})
         SELECT (SELECT count(*)::int FROM owed) AS changed,
                (SELECT count(*) FROM page) = ${batchSize} AS "isMore",
                (SELECT jsonb_build_object('deadAt', dead_at, 'eventId', event_id, 'listenerId', listener_id)
                 FROM page ORDER BY dead_at DESC, event_id DESC, listener_id DESC LIMIT 1) AS last`,
        [listenerId ?? null, until, ...from.values],
      )
      after = rows[0]?.last ?? after
      return rows[0]
    })
  }

  /** Unfinished deliveries count as finished without having been handled; those of an ordered listener make way for the next of their key. */
  async function skip(
    { eventId, listenerId }: DeliverySelection & { eventId: string },
    onProgress?: OnProgress,
  ): Promise<number> {
    return inBatches(onProgress, async () => {
      const { rows } = await pool.query<Batch>(
        `WITH skipped AS (
           UPDATE event_delivery
           SET finished_at = now(), dead_at = NULL, held_at = NULL, error = 'Skipped by an operator.'
           WHERE event_id = $1 AND ($2::text IS NULL OR listener_id = $2) AND finished_at IS NULL
           RETURNING listener_id, order_key),
         due AS (${insertDueKeys('skipped')})
         SELECT count(*)::int AS changed, false AS "isMore" FROM skipped`,
        [eventId, listenerId ?? null],
      )
      return rows[0]
    })
  }

  /**
   * Events that were published until now are delivered again, also to listeners that finished them
   * or that did not exist then.
   */
  async function replay(
    { eventId, listenerId, since }: ReplaySelection,
    onProgress?: OnProgress,
  ): Promise<number> {
    const until = await readClock()
    let after = since ? idAt(new Date(since.getTime() - clockMarginMs)) : lowestId
    return inBatches(onProgress, async () => {
      const { rows } = await pool.query<Batch & { last: string | null }>(
        `WITH page AS MATERIALIZED (
           SELECT id, name, key, sequence, occurred_at, published_at FROM outbox_event
           WHERE id ${eventId ? '=' : '>'} $1
           ORDER BY id LIMIT ${batchSize}),
         owed AS (
           INSERT INTO event_delivery AS d
             (event_id, listener_id, queue, order_key, sequence, enqueued_at)
           SELECT e.id, s.listener_id, s.queue, o.key, CASE WHEN o.key IS NOT NULL THEN e.sequence END, NULL
           FROM page e
           JOIN (SELECT listener_id, event_name, min(queue) AS queue, bool_or(ordered) AS ordered
                 FROM event_subscription GROUP BY 1, 2) AS s ON s.event_name = e.name
           CROSS JOIN LATERAL (SELECT CASE WHEN s.ordered THEN e.key END) AS o(key)
           WHERE e.published_at <= $4 AND ($2::text IS NULL OR s.listener_id = $2)
             AND ($3::timestamptz IS NULL OR e.occurred_at >= $3)
           ORDER BY e.id, s.listener_id
           ON CONFLICT (event_id, listener_id) DO UPDATE
           SET finished_at = NULL, dead_at = NULL, error = NULL, enqueued_at = NULL,
               order_key = excluded.order_key, sequence = excluded.sequence
           WHERE d.finished_at IS NOT NULL OR d.dead_at IS NOT NULL
           RETURNING event_id, listener_id, order_key),
         due AS (${insertDue('owed')})
         SELECT (SELECT count(*)::int FROM owed) AS changed, max(id::text) AS last,
                count(*) = ${batchSize} AS "isMore" FROM page`,
        [eventId ?? after, listenerId ?? null, since ?? null, until],
      )
      after = rows[0]?.last ?? after
      return rows[0]
    })
  }

  async function readClock(): Promise<Date> {
    const { rows } = await pool.query<{ now: Date }>('SELECT now()')
    return rows[0]?.now ?? new Date()
  }
}

interface Batch {
  changed: number
  isMore: boolean
}

/** Among the dead deliveries, in the order in which they died. */
interface Place {
  deadAt: string
  eventId: string
  listenerId: string
}

async function inBatches(
  onProgress: OnProgress | undefined,
  change: () => Promise<Batch | undefined>,
): Promise<number> {
  let changed = 0
  for (let isMore = true; isMore;) {
    const batch = await change()
    changed += batch?.changed ?? 0
    isMore = batch?.isMore ?? false
    onProgress?.(changed)
  }
  return changed
}

/** Rows of a page in SQL, with its parameters from `$3` on. */
const deliveriesAfter = ({ deadAt, eventId, listenerId }: Place) => ({
  rows: 'event_delivery WHERE (dead_at, event_id, listener_id) > ($3, $4, $5)',
  values: [deadAt, eventId, listenerId],
})

/** By the primary key: `OFFSET` keeps out the index of the dead, which may be many. */
const deliveriesOf = (eventId: string) => ({
  rows: '(SELECT * FROM event_delivery WHERE event_id = $3 OFFSET 0) AS d WHERE true',
  values: [eventId],
})
