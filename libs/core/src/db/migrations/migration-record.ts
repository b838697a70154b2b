import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import { hasState, MigrationError, sqlState } from './migration.errors.ts'
import type { MigrationFile } from './migration-files.ts'

/**
 * With its schema, because a script may leave another `search_path` behind, as those of `pg_dump`
 * do.
 */
export const historyTable = 'public._prisma_migrations'

/**
 * Creates the table of `prisma migrate`, so that its command line reads the same history. Refuses
 * tables of another origin.
 */
export async function ensureHistory(client: Client): Promise<void> {
  const { rows } = await client.query<{ history: string | null }>(
    'SELECT to_regclass($1) AS history',
    [historyTable],
  )
  if (rows[0]?.history) return
  await refuseForeignTables(client)
  await createHistory(client).catch((error: unknown) => {
    if (!hasState(error, sqlState.insufficientPrivilege)) throw error
    throw new MigrationError(
      'The user of DATABASE_URL may not create tables in the schema "public".\n' +
        'Let an administrator run: GRANT USAGE, CREATE ON SCHEMA public TO …;',
      { cause: error },
    )
  })
}

async function createHistory(client: Client): Promise<void> {
  await client.query(
    `CREATE TABLE ${historyTable} (
       id varchar(36) PRIMARY KEY NOT NULL,
       checksum varchar(64) NOT NULL,
       finished_at timestamptz,
       migration_name varchar(255) NOT NULL,
       logs text,
       rolled_back_at timestamptz,
       started_at timestamptz NOT NULL DEFAULT now(),
       applied_steps_count integer NOT NULL DEFAULT 0
     )`,
  )
}

/** Those of extensions do not count. */
async function refuseForeignTables(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
      ORDER BY relname LIMIT 1`,
  )
  const [table] = rows
  if (table)
    throw new MigrationError(
      `The schema "public" has tables (such as "${table.name}"), but no history of migrations.\n` +
        'Use an empty database, or record what these tables hold already: npx prisma migrate resolve --applied <folder>',
    )
}

/** Frees failed migrations for another try. Their rows stay as a record. */
export async function releaseUnfinished(client: Client): Promise<void> {
  await client.query(
    `UPDATE ${historyTable} SET rolled_back_at = now()
      WHERE finished_at IS NULL AND rolled_back_at IS NULL`,
  )
}

/** Records that a migration begins, and returns the id of the record. */
export async function recordStart(
  client: Client,
  { name, checksum }: MigrationFile,
): Promise<string> {
  const id = randomUUID()
  await client.query(
    `INSERT INTO ${historyTable} (id, checksum, migration_name) VALUES ($1, $2, $3)`,
    [id, checksum, name],
  )
  return id
}

/** A script may have taken another role, which has no right to the history. */
export async function recordEnd(client: Client, id: string): Promise<void> {
  await client.query('RESET ROLE')
  await client.query(
    `UPDATE ${historyTable} SET finished_at = now(), applied_steps_count = 1 WHERE id = $1`,
    [id],
  )
}

/** Keeps the reason of a failure for `db:status` and `prisma migrate status`. */
export async function recordFailure(client: Client, id: string, log: string): Promise<void> {
  await client.query(`RESET ROLE`)
  await client.query(`UPDATE ${historyTable} SET logs = $2 WHERE id = $1`, [id, log])
}
