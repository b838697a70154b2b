import type { Client } from 'pg'
import { MigrationError } from './migration.errors.ts'
import type { Statement } from './sql-statements.ts'
import { readChange, type Change } from './schema-changes.ts'

interface FoundIndex {
  /** With its quotes, as a statement takes it. */
  name: string
  isValid: boolean
  /** The session that builds it at the moment. */
  builder: number | null
}

/**
 * Runs a statement with CONCURRENTLY. It waits without a limit, because it holds up no request, and
 * a refusal would throw away the work of hours. An invalid index that an earlier try left under the
 * same name is dropped first. `isRepeat`: an earlier try may have done it already.
 */
export async function runConcurrently(
  client: Client,
  statement: Statement,
  isRepeat: boolean,
): Promise<void> {
  const { rows } = await client.query<{ lock_timeout: string }>('SHOW lock_timeout')
  await client.query('SET lock_timeout = 0')
  try {
    await runOnce(client, statement, isRepeat)
  } finally {
    // The failure before it is the one to report.
    await client
      .query(`SELECT set_config('lock_timeout', $1, false)`, [rows[0]!.lock_timeout])
      .catch(() => undefined)
  }
}

async function runOnce(client: Client, statement: Statement, isRepeat: boolean): Promise<void> {
  const change = readChange(statement)
  if (isRepeat && (await isDone(client, change))) return
  await dropRemains(client, change)
  await client.query(statement.text)
  await refuseInvalid(client, change)
}

/** The index of a failed build without a name could not be told from another one. */
export function isUnnamedBuild(statement: Statement): boolean {
  const change = readChange(statement)
  return change?.kind === 'createIndex' && change.isConcurrent && change.index === null
}

/** The invalid indexes that the next try of this statement drops. */
export async function findRemains(client: Client, statement: Statement): Promise<string[]> {
  const change = readChange(statement)
  if (change?.kind === 'reindex') return findCopies(client, change)
  if (change?.kind !== 'createIndex') return []
  const found = await findIndex(client, change)
  return found && !found.isValid ? [found.name] : []
}

async function isDone(client: Client, change: Change | null): Promise<boolean> {
  if (change?.kind === 'createIndex') return (await findIndex(client, change))?.isValid === true
  if (change?.kind === 'dropIndex') return !(await exists(client, change.index))
  return false
}

async function dropRemains(client: Client, change: Change | null): Promise<void> {
  if (change?.kind === 'createIndex') {
    const found = await findIndex(client, change)
    if (!found || found.isValid) return
    refuseForeignBuild(found)
    await drop(client, found.name)
  }
  if (change?.kind === 'reindex')
    for (const copy of await findCopies(client, change)) await drop(client, copy)
}

async function drop(client: Client, name: string): Promise<void> {
  await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`)
}

function refuseForeignBuild({ name, builder }: FoundIndex): void {
  if (builder !== null)
    throw new MigrationError(
      `The index ${name} is being built by pid ${builder}. Wait for its end.`,
    )
}

/** `IF NOT EXISTS` takes an invalid index for a good one. */
async function refuseInvalid(client: Client, change: Change | null): Promise<void> {
  if (change?.kind !== 'createIndex') return
  const found = await findIndex(client, change)
  if (found && !found.isValid) throw new MigrationError(`The index ${found.name} is not valid.`)
}

async function findIndex(
  client: Client,
  { table, index }: Extract<Change, { kind: 'createIndex' }>,
): Promise<FoundIndex | undefined> {
  const { rows } = await client.query<FoundIndex>(
    `SELECT indexrelid::regclass::text AS name, indisvalid AS "isValid",
            (SELECT pid FROM pg_stat_progress_create_index WHERE index_relid = indexrelid) AS builder
       FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
      WHERE indrelid = to_regclass($1) AND relname = $2::name AND relkind = 'i'`,
    [table.sql, index?.name],
  )
  return rows[0]
}

async function exists(client: Client, index: { sql: string }): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    'SELECT to_regclass($1) IS NOT NULL AS there',
    [index.sql],
  )
  return rows[0]?.there === true
}

/**
 * The copies that an interrupted `REINDEX CONCURRENTLY` leaves, see
 * https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY
 */
async function findCopies(
  client: Client,
  { scope, target }: Extract<Change, { kind: 'reindex' }>,
): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT copy.indexrelid::regclass::text AS name
       FROM pg_index copy JOIN pg_class ON pg_class.oid = copy.indexrelid
      WHERE NOT indisvalid AND relkind = 'i' AND relname ~ '_cc(new|old)\\d*$'
        AND relnamespace <> 'pg_toast'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index WHERE index_relid = copy.indexrelid)
        AND CASE $1::text
              WHEN 'index' THEN EXISTS (
                SELECT FROM pg_index base JOIN pg_class named ON named.oid = base.indexrelid
                 WHERE base.indexrelid = to_regclass($2) AND base.indrelid = copy.indrelid
                   AND starts_with(named.relname, regexp_replace(pg_class.relname, '_cc(new|old)\\d*$', '')))
              WHEN 'table' THEN copy.indrelid = to_regclass($2)
              WHEN 'schema' THEN relnamespace = to_regnamespace($2)
              ELSE true
            END`,
    [scope, target?.sql ?? ''],
  )
  return rows.map(({ name }) => name)
}
