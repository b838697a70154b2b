import type { Pool } from 'pg'

export type HeldTransaction = Awaited<ReturnType<typeof holdTransaction>>

/**
 * Runs a statement in a transaction that stays open until `commit`, so that others who want the same rows wait, and a test can come in between. No
 * longer than a statement waits for a lock.
 *
 * @example
 * const held = await holdTransaction(pool, 'LOCK TABLE stone IN SHARE MODE')
 * const outcome = store.stones.create(values)
 * await eventually(held.isAwaited)
 * await held.commit()
 */
export async function holdTransaction(pool: Pool, statement: string) {
  const client = await pool.connect()
  await client.query('BEGIN')
  await client.query(statement)
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return { isAwaited, commit }

  /** Whether somebody waits for it to end. */
  async function isAwaited(): Promise<boolean> {
    const waiting = await pool.query(
      'SELECT FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))',
      [rows[0]?.pid],
    )
    return waiting.rows.length > 0
  }

  async function commit(): Promise<void> {
    await client.query('COMMIT')
    client.release()
  }
}
