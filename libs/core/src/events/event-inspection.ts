import type { Pool } from 'pg'

/**
 * `unpublished`: no relay took it yet. `waiting`: for its turn, or for a relay. `held`: no worker
 * that is running knows the listener. `queued`: its job is with BullMQ.
 */
type DeliveryStanding = 'unpublished' | 'waiting' | 'held' | 'queued' | 'dead' | 'finished'

export interface ListedDelivery {
  eventId: string
  name: string
  /** Null of an event that is not published yet. */
  listenerId: string | null
  standing: DeliveryStanding
  occurredAt: Date
  error: string | null
}

export interface InspectedEvent {
  id: string
  name: string
  key: string | null
  payload: unknown
  occurredAt: Date
  publishedAt: Date | null
  deliveries: (Pick<ListedDelivery, 'standing' | 'error'> & {
    listenerId: string
    orderKey: string | null
    changedAt: Date | null
  })[]
}

export interface ListOptions {
  /** Both if unset. */
  of?: 'dead' | 'held' | 'pending' | undefined
  listenerId?: string | undefined
  limit: number
}

const standing = `
  CASE WHEN d.finished_at IS NOT NULL THEN 'finished' WHEN d.dead_at IS NOT NULL THEN 'dead'
       WHEN d.held_at IS NOT NULL THEN 'held' WHEN d.enqueued_at IS NULL THEN 'waiting'
       ELSE 'queued' END AS standing`

/** Answers what became of events. */
export function createEventInspection(pool: Pool) {
  return { list, find, listeners }

  /** Unfinished deliveries: the oldest of each state, each in the order of its index. */
  async function list({ of, listenerId, limit }: ListOptions): Promise<ListedDelivery[]> {
    const parts = [
      ...((of === 'pending' || !of) && !listenerId ? [unpublished] : []),
      ...(of === 'pending' || !of ? [pending] : []),
      ...(of === 'held' ? [held] : []),
      ...(of === 'dead' || !of ? [dead] : []),
    ]
    const { rows } = await pool.query<ListedDelivery>(
      `${parts.map((part) => `(${part})`).join(' UNION ALL ')}
       ORDER BY "occurredAt", "eventId", "listenerId" LIMIT $2`,
      [listenerId ?? null, limit],
    )
    return rows
  }

  async function find(id: string): Promise<InspectedEvent | null> {
    const { rows } = await pool.query<Omit<InspectedEvent, 'deliveries'>>(
      `SELECT id, name, key, payload, occurred_at AS "occurredAt", published_at AS "publishedAt"
       FROM outbox_event WHERE id = $1`,
      [id],
    )
    const [event] = rows
    return event ? { ...event, deliveries: await findDeliveries(id) } : null
  }

  /** Those to which events are delivered. */
  async function listeners(): Promise<string[]> {
    const { rows } = await pool.query<{ id: string }>(
      'SELECT DISTINCT listener_id AS id FROM event_subscription ORDER BY 1',
    )
    return rows.map(({ id }) => id)
  }

  async function findDeliveries(eventId: string) {
    const { rows } = await pool.query<InspectedEvent['deliveries'][number]>(
      `SELECT d.listener_id AS "listenerId", ${standing}, d.order_key AS "orderKey", d.error,
              coalesce(d.finished_at, d.dead_at, d.enqueued_at) AS "changedAt"
       FROM event_delivery d WHERE d.event_id = $1 ORDER BY 1`,
      [eventId],
    )
    return rows
  }
}

const unpublished = `
  SELECT e.id AS "eventId", e.name, NULL AS "listenerId", 'unpublished' AS standing,
         e.occurred_at AS "occurredAt", NULL AS error
  FROM outbox_event e WHERE e.published_at IS NULL ORDER BY e.sequence LIMIT $2`

const pending = deliveriesThat(
  'finished_at IS NULL AND dead_at IS NULL',
  'enqueued_at, event_id, listener_id',
)
const held = deliveriesThat('held_at IS NOT NULL', 'listener_id, event_id')
const dead = deliveriesThat('dead_at IS NOT NULL', 'dead_at')

function deliveriesThat(condition: string, order: string): string {
  return `
  SELECT d.event_id AS "eventId", e.name, d.listener_id AS "listenerId", ${standing},
         e.occurred_at AS "occurredAt", d.error
  FROM (SELECT * FROM event_delivery WHERE ${condition} AND ($1::text IS NULL OR listener_id = $1)
        ORDER BY ${order} LIMIT $2) AS d
  JOIN outbox_event e ON e.id = d.event_id`
}
