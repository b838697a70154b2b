import type { Pool } from 'pg'

export type SlowCommits = Awaited<ReturnType<typeof slowDownCommits>>

/**
 * Makes each commit that inserted into a table take so many seconds, until `restore`, so that a test can come in between: by ending the connection on
 * the server's side, which rolls back, or by cutting it on the client's, which the server does not notice.
 *
 * @example
 * const commits = await slowDownCommits(pool, 'stone', 30)
 * const outcome = store.stones.create(values)
 * await eventually(commits.terminate)
 * await commits.restore()
 */
export async function slowDownCommits(pool: Pool, table: string, seconds: number) {
  await pool.query(`
    CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(${seconds}); RETURN NEW; END $$;
    CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON "${table}"
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow_commit()`)
  return { areThere, terminate, restore }

  /** Whether a commit is on its way. */
  async function areThere(): Promise<boolean> {
    return (await ofCommits('pid')) > 0
  }

  /** False if there is none yet. */
  async function terminate(): Promise<boolean> {
    return (await ofCommits('pg_terminate_backend(pid, 5000)')) > 0
  }

  async function restore(): Promise<void> {
    await pool.query('DROP FUNCTION slow_commit CASCADE')
  }

  async function ofCommits(what: string): Promise<number> {
    const { rows } = await pool.query(
      `SELECT ${what} FROM pg_stat_activity
       WHERE datname = current_database() AND state = 'active' AND query = 'COMMIT'`,
    )
    return rows.length
  }
}
