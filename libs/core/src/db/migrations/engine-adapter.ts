import { PrismaPg } from '@prisma/adapter-pg'
import { ColumnTypeEnum, type SqlDriverAdapter } from '@prisma/driver-adapter-utils'
import type { Pool, QueryResult } from 'pg'
import { UtcPool } from '../utc-client.ts'

// Object ids of PostgreSQL's types `"char"` (one byte, in its catalogues) and `text`.
const internalCharOid = 18
const textOid = 25

/**
 * `PrismaPg` for the schema engine. It refuses PostgreSQL's `"char"`, so no table with a CHECK
 * could be described.
 */
export async function createEngineAdapter(databaseUrl: string): Promise<SqlDriverAdapter> {
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
    dispose: () => pool.end(),
  })
}

function createPool(connectionString: string): Pool {
  const pool = new UtcPool({
    connectionString,
    max: 1,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: 'migrations',
  })
  pool.on('error', () => undefined)
  return pool
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
