import type { Pool } from 'pg'

export type HeldTransaction = Awaited<ReturnType<typeof holdTransaction>>

/**
 * Runs a statement in a transaction that stays open until `commit` or `rollback`, so that others
 * who want the same rows wait, and a test can come in between. No longer than a statement waits for
 * a lock.
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
  return { isAwaited, countWaiting, commit: () => end('COMMIT'), rollback: () => end('ROLLBACK') }

  /** Whether somebody waits for it to end. */
  async function isAwaited(): Promise<boolean> {
    return (await countWaiting()) > 0
  }

  /** With those who wait for others that wait for it. */
  async function countWaiting(): Promise<number> {
    const waiting = await pool.query<{ count: number }>(
      `WITH RECURSIVE waiting AS (
         SELECT pid FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))
         UNION SELECT a.pid FROM pg_stat_activity a
         JOIN waiting w ON w.pid = ANY(pg_blocking_pids(a.pid))
       ) SELECT count(*)::int AS count FROM waiting`,
      [rows[0]?.pid],
    )
    return waiting.rows[0]?.count ?? 0
  }

  async function end(command: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    await client.query(command)
    client.release()
  }
}
