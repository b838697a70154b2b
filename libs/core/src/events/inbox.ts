import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, QueryResultRow } from 'pg'
import { coalesce } from '../db/index.ts'
import { insertDueKeys } from './delivery-keys.ts'
import { holdUnknown, type UnknownDelivery } from './held-deliveries.ts'

/** Longer than a relay that died keeps a row locked. A job that has less time ends earlier. */
const patienceMs = 40_000
const longestPauseMs = 1_000
/** A worker that is busy hears from the database more often. */
const momentMs = 100

export interface InboxKey {
  eventId: string
  listenerId: string
  queue: string
}

/** `owed` also while the relay's transaction that writes the delivery down is still open. */
export type DeliveryState = 'owed' | 'finished' | 'dead'

export type Inbox = ReturnType<typeof createInbox>

/**
 * What this process knows to be handled. Every change is an upsert: a job can be done before the relay's transaction is, and must wait
 * for it here instead of changing nothing.
 */
export function createInbox(pool: Pool) {
  const finishTogether = coalesce(writeFinished)
  let answeredAt = -Infinity
  return { stateOf: coalesce(readStates), finish, hold: coalesce(holdAll), giveUp, answeredJustNow }

  /** Whether the database did what it was asked last, and a moment ago: then it will most likely take what is done next. */
  function answeredJustNow(): boolean {
    return performance.now() - answeredAt < momentMs
  }

  /**
   * The work is done, and must not be done again because it cannot be written down right now: a
   * relay may hold the row for as long as it waits for Redis. Those that wait for no row do not
   * wait for it either. Returns the id of the row that makes the next delivery of its key due.
   */
  async function finish(key: InboxKey): Promise<string | null> {
    const until = performance.now() + patienceMs
    try {
      return await finishTogether(key)
    } catch {
      for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs))
        try {
          const [due = null] = await writeFinished([key])
          return due
        } catch (error) {
          if (performance.now() > until) throw error
          await sleep(pauseMs)
        }
    }
  }

  async function readStates(keys: InboxKey[]): Promise<DeliveryState[]> {
    const { rows } = await query<{ state: DeliveryState }>(
      `SELECT CASE WHEN d.finished_at IS NOT NULL THEN 'finished'
                   WHEN d.dead_at IS NOT NULL THEN 'dead' ELSE 'owed' END AS state
       FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS k(event_id, listener_id, position)
       LEFT JOIN event_delivery d USING (event_id, listener_id) ORDER BY k.position`,
      columns(keys).slice(0, 2),
    )
    return rows.map(({ state }) => state)
  }

  async function writeFinished(keys: InboxKey[]): Promise<(string | null)[]> {
    const { rows } = await query<{ due_id: string | null }>(
      `WITH finished AS (
         INSERT INTO event_delivery AS d (event_id, listener_id, queue, finished_at)
         SELECT DISTINCT event_id, listener_id, queue, now()
         FROM unnest($1::uuid[], $2::text[], $3::text[]) AS k(event_id, listener_id, queue)
         ORDER BY event_id, listener_id
         ON CONFLICT (event_id, listener_id) DO UPDATE
         SET finished_at = coalesce(d.finished_at, now()), dead_at = NULL, held_at = NULL, error = NULL
         RETURNING event_id, listener_id, order_key),
       due AS (${insertDueKeys('finished')} RETURNING id, listener_id, order_key)
       SELECT due.id AS due_id
       FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS k(event_id, listener_id, place)
       LEFT JOIN finished USING (event_id, listener_id)
       LEFT JOIN due USING (listener_id, order_key) ORDER BY k.place`,
      columns(keys),
    )
    return rows.map(({ due_id }) => due_id)
  }

  /**
   * True for those that are held now, or need not be: false where nothing is subscribed any more.
   */
  async function holdAll(deliveries: UnknownDelivery[]): Promise<boolean[]> {
    const unwanted = await holdUnknown(pool, deliveries)
    return deliveries.map((delivery) => !unwanted.has(delivery))
  }

  async function query<Row extends QueryResultRow>(text: string, values: unknown[]) {
    try {
      const result = await pool.query<Row>(text, values)
      answeredAt = performance.now()
      return result
    } catch (error) {
      answeredAt = -Infinity
      throw error
    }
  }

  async function giveUp({ eventId, listenerId, queue }: InboxKey, reason: string): Promise<void> {
    await pool.query(
      `INSERT INTO event_delivery AS d (event_id, listener_id, queue, dead_at, error)
       VALUES ($1, $2, $3, now(), $4)
       ON CONFLICT (event_id, listener_id) DO UPDATE
       SET dead_at = excluded.dead_at, error = excluded.error WHERE d.finished_at IS NULL`,
      [eventId, listenerId, queue, reason],
    )
  }
}

const columns = (keys: InboxKey[]) => [
  keys.map(({ eventId }) => eventId),
  keys.map(({ listenerId }) => listenerId),
  keys.map(({ queue }) => queue),
]
