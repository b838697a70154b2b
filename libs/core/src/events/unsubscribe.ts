import type { Pool, PoolClient } from 'pg'
import { insertDueKeys } from './delivery-keys.ts'
import { inTransaction } from './transaction.ts'

/** Few enough for one statement to be far from its time limit. */
const batchSize = 2_000

export interface GoneSubscriptions {
  listenerId: string
  /**
   * Those that nobody has declared for so long, in PostgreSQL's form; all of the listener if
   * absent.
   */
  olderThan?: string
}

/**
 * Deliveries that nobody will handle: they wait for an operator, or count as done because one wants
 * it so.
 */
type Outcome = 'dead' | 'finished'

const outcomes: Record<Outcome, string> = {
  dead: `dead_at = now(), error = 'The listener no longer exists.'`,
  finished: `finished_at = now(), dead_at = NULL, error = 'Unsubscribed by an operator.'`,
}

interface SettledBatch {
  settled: number
  isMore: boolean
}

/** Each has an index. */
const unsettled: Record<Outcome, readonly string[]> = {
  dead: ['d.dead_at IS NULL'],
  finished: ['d.dead_at IS NULL', 'd.dead_at IS NOT NULL'],
}

/**
 * Ends subscriptions of a listener with all that is owed to them, batch by batch, and returns how
 * many deliveries it was.
 */
export async function removeSubscriptions(
  pool: Pool,
  gone: GoneSubscriptions,
  outcome: Outcome = 'dead',
): Promise<number> {
  const { listenerId, olderThan = '0' } = gone
  let settled = await settleAll(pool)
  // Without its subscription nobody would look after what is still owed, so the last of it goes
  // together with that.
  return inTransaction(pool, async (client) => {
    await client.query(
      `UPDATE event_subscription SET holding = true WHERE listener_id = $1 AND updated_at < now() - $2::interval`,
      [listenerId, olderThan],
    )
    settled += await settleAll(client)
    await client.query(
      'DELETE FROM event_subscription WHERE listener_id = $1 AND updated_at < now() - $2::interval',
      [listenerId, olderThan],
    )
    return settled
  })

  async function settleAll(on: Pool | PoolClient): Promise<number> {
    let settled = 0
    for (const which of unsettled[outcome])
      for (let isMore = true; isMore;) {
        const batch = await settleSome(on, which)
        settled += batch.settled
        isMore = batch.isMore
      }
    return settled
  }

  async function settleSome(on: Pool | PoolClient, which: string): Promise<SettledBatch> {
    const { rows } = await on.query<SettledBatch>(
      `WITH owed AS MATERIALIZED (
         SELECT d.ctid FROM event_delivery d
         WHERE d.listener_id = $1 AND d.finished_at IS NULL AND ${which}
           AND EXISTS (
             SELECT FROM outbox_event e JOIN event_subscription s ON s.event_name = e.name
             WHERE e.id = d.event_id AND s.listener_id = $1
             HAVING max(s.updated_at) < now() - $2::interval)
         LIMIT ${batchSize} FOR UPDATE OF d SKIP LOCKED),
       settled AS (
         UPDATE event_delivery SET ${outcomes[outcome]}, held_at = NULL
         WHERE ctid = ANY(ARRAY(SELECT ctid FROM owed)) RETURNING listener_id, order_key),
       due AS (${insertDueKeys('settled')})
       SELECT (SELECT count(*)::int FROM settled) AS settled, count(*) = ${batchSize} AS "isMore" FROM owed`,
      [listenerId, olderThan],
    )
    return rows[0] ?? { settled: 0, isMore: false }
  }
}
