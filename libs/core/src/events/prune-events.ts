import type { Pool } from 'pg'
import { idAt, lowestId } from './event-id.ts'

const batchSize = 1_000

/**
 * Deletes events that were published longer than `olderThanMs` ago and that every listener has
 * finished, with their deliveries, and returns their number. A dead delivery keeps its event: it
 * waits for an operator. In small transactions; an aborted `signal` ends it after the current one.
 */
export async function pruneEvents(
  pool: Pool,
  olderThanMs: number,
  signal?: AbortSignal,
): Promise<number> {
  const before = new Date(Date.now() - olderThanMs)
  let pruned = 0
  let batch: Batch | undefined
  do {
    batch = await pruneBatch(pool, before, batch?.last ?? lowestId)
    pruned += batch.pruned
  } while (batch.last && !signal?.aborted)
  return pruned
}

interface Batch {
  pruned: number
  /** Where the next batch begins; null at the end. */
  last: string | null
}

/**
 * Goes by what it looks at, not by what it deletes: events that dead deliveries keep would
 * otherwise be read together in one statement, each time more of them.
 */
async function pruneBatch(pool: Pool, before: Date, after: string): Promise<Batch> {
  const { rows } = await pool.query<Batch>(
    `WITH page AS MATERIALIZED (
       SELECT id, published_at FROM outbox_event
       WHERE id > $1 AND id < $2 ORDER BY id LIMIT ${batchSize}),
     old AS MATERIALIZED (
       SELECT page.id FROM page
       CROSS JOIN LATERAL (
         SELECT coalesce(bool_and(finished_at IS NOT NULL), true) AS is_finished
         FROM (SELECT finished_at FROM event_delivery WHERE event_id = page.id OFFSET 0) AS d) AS d
       WHERE page.published_at < $3 AND is_finished),
     locked AS MATERIALIZED (
       SELECT e.* FROM old CROSS JOIN LATERAL (
         SELECT ctid, id FROM outbox_event WHERE id = old.id OFFSET 0 FOR UPDATE SKIP LOCKED) AS e),
     forgotten AS (
       DELETE FROM event_delivery WHERE ctid = ANY(ARRAY(
         SELECT d.ctid FROM locked CROSS JOIN LATERAL (
           SELECT ctid FROM event_delivery WHERE event_id = locked.id OFFSET 0) AS d))),
     gone AS (
       DELETE FROM outbox_event WHERE ctid = ANY(ARRAY(SELECT ctid FROM locked)) RETURNING id)
     SELECT (SELECT count(*)::int FROM gone) AS pruned,
            CASE WHEN count(*) = ${batchSize} THEN max(id::text) END AS last FROM page`,
    [after, idAt(before), before],
  )
  return rows[0] ?? { pruned: 0, last: null }
}
