import { PrismaPg } from '@prisma/adapter-pg'
import {
  ColumnTypeEnum,
  DriverAdapterError,
  type SqlDriverAdapter,
} from '@prisma/driver-adapter-utils'
import type { Pool, QueryResult } from 'pg'
import { UtcPool } from '../utc-client.ts'
import { isPostgresError, type PostgresError } from './migration.errors.ts'
import { withCompletion } from './migration-script.ts'

export interface EngineAdapterDeps {
  databaseUrl: string
  /** The driver's own error of a script that PostgreSQL refused: the engine passes on only its text. */
  onScriptError: (error: PostgresError) => void
}

// A migration that waits longer for a table would hold up every query that queues behind it.
const lockTimeout = '10s'

// Object ids of PostgreSQL's types `"char"` (one byte, in its catalogues) and `text`.
const internalCharOid = 18
const textOid = 25

/**
 * `PrismaPg` for the schema engine, with two repairs: a script runs as it is written (`PrismaPg` splits it at every semicolon,
 * also those in strings and function bodies), and PostgreSQL's `"char"` is read (`PrismaPg` refuses it, so no table with a
 * CHECK could be described).
 */
export async function createEngineAdapter({
  databaseUrl,
  onScriptError,
}: EngineAdapterDeps): Promise<SqlDriverAdapter> {
  const pool = createPool(databaseUrl)
  const charColumns = watchCharColumns(pool)
  const adapter = await new PrismaPg(pool).connect()
  const queryRaw = adapter.queryRaw.bind(adapter)
  return Object.assign(adapter, {
    queryRaw: async (query: Parameters<typeof queryRaw>[0]) => {
      const result = await queryRaw(query)
      for (const column of charColumns()) result.columnTypes[column] = ColumnTypeEnum.Character
      return result
    },
    executeScript: (script: string) => executeScript(pool, script, onScriptError),
    dispose: () => pool.end(),
  })
}

/** One connection: what a script sets up, such as a temporary table or `SET`, holds until it ends. */
function createPool(connectionString: string): Pool {
  const pool = new UtcPool({
    connectionString,
    max: 1,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: 'migrations',
    // The pool waits for it, which its types do not say.
    // eslint-disable-next-line @typescript-eslint/no-misused-promises
    onConnect: (client) =>
      client.query(`SET statement_timeout = 0; SET lock_timeout = '${lockTimeout}'`),
  })
  pool.on('error', () => undefined)
  return pool
}

/** Sent as one simple query, which PostgreSQL runs as one transaction: all of a migration happens or nothing of it. */
async function executeScript(
  pool: Pool,
  script: string,
  onScriptError: (error: PostgresError) => void,
): Promise<void> {
  try {
    await pool.query(withCompletion(script))
  } catch (error) {
    if (!isPostgresError(error)) throw error
    onScriptError(error)
    throw new DriverAdapterError({
      kind: 'postgres',
      code: error.code,
      severity: 'ERROR',
      message: error.message,
      detail: error.detail,
      column: undefined,
      hint: error.hint,
    })
  }
}

/** Presents `"char"` columns as text, and tells which columns of the last result they were. */
function watchCharColumns(pool: Pool): () => number[] {
  let columns: number[] = []
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<QueryResult>
  pool.query = (async (...args: unknown[]) => {
    const result = await query(...args)
    columns = (result.fields ?? []).flatMap((field, index) =>
      field.dataTypeID === internalCharOid ? [index] : [],
    )
    for (const column of columns) result.fields[column]!.dataTypeID = textOid
    return result
  }) as typeof pool.query
  return () => columns
}
