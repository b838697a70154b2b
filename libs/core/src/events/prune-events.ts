import type { Pool } from 'pg'
import { idAt } from './event-id.ts'

const batchSize = 1_000

/**
 * Deletes events that were published longer than `olderThanMs` ago and that every listener has finished, with their deliveries, and gives their
 * number. A dead delivery keeps its event: it waits for an operator. In small transactions; an aborted `signal` ends it after the current one.
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
    batch = await pruneBatch(pool, before, batch?.last ?? firstId)
    pruned += batch.pruned
  } while (batch.last && !signal?.aborted)
  return pruned
}

interface Batch {
  pruned: number
  /** Where the next batch begins; null at the end. */
  last: string | null
}

async function pruneBatch(pool: Pool, before: Date, after: string): Promise<Batch> {
  const { rows } = await pool.query<Batch>(
    `WITH old AS (
       SELECT id FROM outbox_event e
       WHERE id > $1 AND id < $2 AND published_at < $3 AND NOT EXISTS (
         SELECT FROM event_delivery d WHERE d.event_id = e.id AND d.finished_at IS NULL)
       ORDER BY id LIMIT ${batchSize} FOR UPDATE SKIP LOCKED),
     forgotten AS (DELETE FROM event_delivery d USING old WHERE d.event_id = old.id),
     gone AS (DELETE FROM outbox_event e USING old WHERE e.id = old.id RETURNING e.id)
     SELECT count(*)::int AS pruned,
            CASE WHEN count(*) = ${batchSize} THEN max(id::text) END AS last FROM gone`,
    [after, idAt(before), before],
  )
  return rows[0] ?? { pruned: 0, last: null }
}

const firstId = '00000000-0000-0000-0000-000000000000'
