import type { Pool } from 'pg'

/** Which deliveries: those that fit all that is given. */
export interface DeliverySelection {
  eventId?: string | undefined
  listenerId?: string | undefined
}

export interface ReplaySelection extends DeliverySelection {
  /** Events that happened from then on. */
  since?: Date | undefined
}

/**
 * Changes what is owed. PostgreSQL alone is asked: the relays make jobs of it within a second or two, also later, when they or Redis are back.
 * Each gives the number of deliveries that it changed.
 */
export function createEventRedelivery(pool: Pool) {
  return { retry, skip, replay }

  /** Dead deliveries are owed again, with all their attempts. */
  async function retry({ eventId, listenerId }: DeliverySelection): Promise<number> {
    const { rowCount } = await pool.query(
      `UPDATE event_delivery SET dead_at = NULL, error = NULL, enqueued_at = NULL
       WHERE dead_at IS NOT NULL AND finished_at IS NULL AND ${fits}`,
      [eventId ?? null, listenerId ?? null],
    )
    return rowCount ?? 0
  }

  /** Unfinished deliveries count as finished without having been handled; those of an ordered listener make way for the next of their key. */
  async function skip({ eventId, listenerId }: DeliverySelection): Promise<number> {
    const { rowCount } = await pool.query(
      `UPDATE event_delivery SET finished_at = now(), dead_at = NULL, error = 'Skipped by an operator.'
       WHERE finished_at IS NULL AND ${fits}`,
      [eventId ?? null, listenerId ?? null],
    )
    return rowCount ?? 0
  }

  /** Events that were published are delivered again, also to listeners that finished them or that did not exist then. */
  async function replay({ eventId, listenerId, since }: ReplaySelection): Promise<number> {
    const { rowCount } = await pool.query(
      `INSERT INTO event_delivery AS d
         (event_id, listener_id, queue, order_key, sequence, enqueued_at)
       SELECT e.id, s.listener_id, s.queue, o.key, CASE WHEN o.key IS NOT NULL THEN e.sequence END, NULL
       FROM outbox_event e JOIN event_subscription s ON s.event_name = e.name
       CROSS JOIN LATERAL (SELECT CASE WHEN s.ordered THEN e.key END) AS o(key)
       WHERE e.published_at IS NOT NULL AND ($1::uuid IS NULL OR e.id = $1)
         AND ($2::text IS NULL OR s.listener_id = $2)
         AND ($3::timestamptz IS NULL OR e.occurred_at >= $3)
       ON CONFLICT (event_id, listener_id) DO UPDATE
       SET finished_at = NULL, dead_at = NULL, error = NULL, enqueued_at = NULL,
           order_key = excluded.order_key, sequence = excluded.sequence
       WHERE d.finished_at IS NOT NULL OR d.dead_at IS NOT NULL`,
      [eventId ?? null, listenerId ?? null, since ?? null],
    )
    return rowCount ?? 0
  }
}

const fits = '($1::uuid IS NULL OR event_id = $1) AND ($2::text IS NULL OR listener_id = $2)'
