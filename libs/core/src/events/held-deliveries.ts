import type { Pool, PoolClient } from 'pg'
import { insertDue, keyColumns, lockedByKey, type DeliveryKey } from './delivery-keys.ts'
import { lowestId } from './event-id.ts'
import { inTransaction } from './transaction.ts'

/** Few enough for one statement to be far from its time limit. */
const batchSize = 1_000

/** A delivery whose job a worker does not know. */
export interface UnknownDelivery extends DeliveryKey {
  eventName: string
}

/**
 * Puts deliveries whose listeners this process does not know back into PostgreSQL, where they cost
 * nothing until a process declares the listener. BullMQ would bring them back again and again.
 * Returns those of listeners to which nothing is subscribed any more.
 */
export async function holdUnknown(
  pool: Pool,
  deliveries: readonly UnknownDelivery[],
): Promise<Set<UnknownDelivery>> {
  return inTransaction(pool, async (client) => {
    const names = deliveries.map(({ eventName }) => eventName)
    // The row is written in any case: whoever stops the holding waits for it, and then finds what
    // is held here.
    const { rows: subscribed } = await client.query<DeliveryKey & { event_name: string }>(
      `WITH locked AS MATERIALIZED (
         SELECT listener_id, event_name, ordered FROM event_subscription
         WHERE (listener_id, event_name) IN (SELECT * FROM unnest($1::text[], $2::text[]))
         ORDER BY listener_id, event_name, ordered FOR UPDATE)
       UPDATE event_subscription s SET holding = true FROM locked
       WHERE s.listener_id = locked.listener_id AND s.event_name = locked.event_name
         AND s.ordered = locked.ordered
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

/** A subscription, by whatever release declared it. */
export interface Subscription {
  listenerId: string
  eventName: string
}

/**
 * Makes what is held for a subscription due, oldest first, and returns how many deliveries it was.
 */
export async function releaseHeld(pool: Pool, held: Subscription): Promise<number> {
  let after = lowestId
  let released = 0
  while (await releaseNext(async (work) => inTransaction(pool, work)));
  after = lowestId
  // Relays and workers that hold more right now have locked the row: what they hold is there when
  // this statement is done.
  return inTransaction(pool, async (client) => {
    await client.query(
      `UPDATE event_subscription SET holding = false WHERE listener_id = $1 AND event_name = $2`,
      [held.listenerId, held.eventName],
    )
    while (await releaseNext((work) => work(client)));
    return released
  })

  async function releaseNext(
    run: (work: (client: PoolClient) => Promise<ReleasedBatch>) => Promise<ReleasedBatch>,
  ): Promise<boolean> {
    const batch = await run((client) => releaseBatch(client, held, after))
    released += batch.released
    after = batch.last ?? after
    return batch.last !== null
  }
}

interface ReleasedBatch {
  released: number
  /** Where the next batch begins; null at the end. */
  last: string | null
}

/** Deliveries of the same listener that are held for another event stay. */
async function releaseBatch(
  client: PoolClient,
  { listenerId, eventName }: Subscription,
  after: string,
): Promise<ReleasedBatch> {
  const { rows } = await client.query<ReleasedBatch>(
    `WITH page AS MATERIALIZED (
       SELECT event_id FROM event_delivery
       WHERE listener_id = $1 AND held_at IS NOT NULL AND event_id > $3
       ORDER BY event_id LIMIT ${batchSize}),
     locked AS MATERIALIZED (
       SELECT d.ctid FROM page
       CROSS JOIN LATERAL (SELECT name FROM outbox_event WHERE id = page.event_id OFFSET 0) AS e
       CROSS JOIN LATERAL (
         SELECT ctid, held_at FROM event_delivery
         WHERE event_id = page.event_id AND listener_id = $1 OFFSET 0 FOR UPDATE) AS d
       WHERE e.name = $2 AND d.held_at IS NOT NULL),
     released AS (
       UPDATE event_delivery SET held_at = NULL WHERE ctid = ANY(ARRAY(SELECT ctid FROM locked))
       RETURNING event_id, listener_id, order_key),
     due AS (${insertDue('released')})
     SELECT (SELECT count(*)::int FROM released) AS released,
            CASE WHEN count(*) = ${batchSize} THEN max(event_id::text) END AS last FROM page`,
    [listenerId, eventName, after],
  )
  return rows[0] ?? { released: 0, last: null }
}
