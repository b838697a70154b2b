import type { Pool, PoolClient } from 'pg'
import { insertDue, keyColumns, lockedByKey, type DeliveryKey } from './delivery-keys.ts'
import { inTransaction } from './transaction.ts'

/** Few enough for one statement to be far from its time limit. */
const batchSize = 1_000

/** A delivery whose job a worker does not know. */
export interface UnknownDelivery extends DeliveryKey {
  eventName: string
}

/**
 * Puts deliveries whose listeners this process does not know back into PostgreSQL, where they cost nothing until a process declares the listener.
 * BullMQ would bring them back again and again. Returns those of listeners to which nothing is subscribed any more.
 */
export async function holdUnknown(
  pool: Pool,
  deliveries: readonly UnknownDelivery[],
): Promise<Set<UnknownDelivery>> {
  return inTransaction(pool, async (client) => {
    const names = deliveries.map(({ eventName }) => eventName)
    // The row is written in any case: whoever stops the holding waits for it, and then finds what is held here.
    const { rows: subscribed } = await client.query<DeliveryKey & { event_name: string }>(
      `UPDATE event_subscription s SET holding = true
       FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[])) AS u(listener_id, event_name)
       WHERE s.listener_id = u.listener_id AND s.event_name = u.event_name
       RETURNING s.listener_id, s.event_name`,
      [deliveries.map(({ listener_id }) => listener_id), names],
    )
    const known = new Set(subscribed.map((row) => `${row.listener_id} ${row.event_name}`))
    const isKnown = (each: UnknownDelivery) => known.has(`${each.listener_id} ${each.eventName}`)
    await client.query(
      `WITH locked AS MATERIALIZED (${lockedByKey()})
       UPDATE event_delivery d SET held_at = now(), enqueued_at = NULL
       FROM locked WHERE d.event_id = locked.event_id AND d.listener_id = locked.listener_id
         AND locked.finished_at IS NULL AND locked.dead_at IS NULL`,
      keyColumns(deliveries.filter(isKnown)),
    )
    return new Set(deliveries.filter((each) => !isKnown(each)))
  })
}

/** Makes what is held for a listener due, oldest first, and returns how many deliveries it was. */
export async function releaseHeld(pool: Pool, listenerId: string): Promise<number> {
  let released = 0
  let batch: number
  do released += batch = await inTransaction(pool, (client) => releaseBatch(client, listenerId))
  while (batch === batchSize)
  // Relays and workers that hold more right now have locked the row: what they hold is there when this statement is done.
  return inTransaction(pool, async (client) => {
    await client.query('UPDATE event_subscription SET holding = false WHERE listener_id = $1', [
      listenerId,
    ])
    do released += batch = await releaseBatch(client, listenerId)
    while (batch === batchSize)
    return released
  })
}

async function releaseBatch(client: PoolClient, listenerId: string): Promise<number> {
  const { rows } = await client.query<{ released: number }>(
    `WITH oldest AS MATERIALIZED (
       SELECT ctid FROM event_delivery WHERE listener_id = $1 AND held_at IS NOT NULL
       ORDER BY event_id LIMIT ${batchSize} FOR UPDATE),
     released AS (
       UPDATE event_delivery SET held_at = NULL WHERE ctid = ANY(ARRAY(SELECT ctid FROM oldest))
       RETURNING event_id, listener_id, order_key),
     due AS (${insertDue('released')})
     SELECT count(*)::int AS released FROM released`,
    [listenerId],
  )
  return rows[0]?.released ?? 0
}
