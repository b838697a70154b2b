import type { Pool } from 'pg'
import { eventually } from '../../../testing/eventually.ts'
import { UtcClient, UtcPool } from '../../db/index.ts'

/**
 * Pages of 8 KiB that PostgreSQL looked at for `work`, wherever they were. They tell what a
 * statement costs on any machine. `work` gets a pool of its own: a connection reports its pages at
 * its end at the latest.
 */
export async function pagesReadBy(
  connectionString: string,
  work: (pool: Pool) => Promise<unknown>,
): Promise<number> {
  const client = new UtcClient({ connectionString })
  await client.connect()
  const before = await readPages(client)
  const pool = new UtcPool({ connectionString, application_name: 'measured', max: 2 })
  await work(pool)
  await pool.end()
  await eventually(async () => {
    const { rowCount } = await client.query(
      `SELECT FROM pg_stat_activity WHERE application_name = 'measured' AND datname = current_database()`,
    )
    return rowCount === 0
  })
  const after = await readPages(client)
  await client.end()
  return after - before
}

async function readPages(client: UtcClient): Promise<number> {
  await client.query('SELECT pg_stat_clear_snapshot()')
  const { rows } = await client.query<{ pages: number }>(
    `SELECT sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0))::float8 AS pages
     FROM pg_statio_user_tables`,
  )
  return rows[0]?.pages ?? 0
}
