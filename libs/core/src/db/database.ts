import { PrismaPg } from '@prisma/adapter-pg'
import type { Pool } from 'pg'
import { ConfigError, type CoreConfig } from '../config/index.ts'
import { databaseUnavailable } from '../errors/index.ts'
import type { Logger } from '../logging/index.ts'
import { CleanPool } from './clean-pool.ts'
import { schemaFault, schemaQuery } from './connection-fault.ts'
import { toDatabaseError } from './database-errors.ts'
import { extendClient } from './extend-client.ts'
import { PrismaClient } from './generated/client.ts'
import { createReader, type Read } from './reader.ts'
import { createStatementNames } from './statement-names.ts'
import type { Db } from './tables.ts'

export interface DatabaseDeps {
  config: Pick<CoreConfig, 'databaseUrl' | 'databasePoolSize' | 'databasePooler' | 'appName'>
  log: Logger
}

/** One pool of connections, for Prisma and for the few hand-written statements of core. */
export interface Database {
  client: Db
  pool: Pool
  /**
   * Runs a hand-written `SELECT` that many requests wait for, outside transactions. Its plan is kept, and it is asked once more when the
   * connection broke.
   *
   * @example
   * const oldest = { name: 'quarry.oldest', text: 'SELECT min(id) AS id FROM stone WHERE mason_id = $1' }
   * const [row] = await database.read<{ id: number | null }>(oldest, [7])
   */
  read: Read
  /** What each transaction has to set for itself, because a pooler stands between and a connection is not ours. */
  transactionLimits: Partial<typeof serverLimits>
  /** Refuses a database whose tables it would not find, with a `ConfigError`. One that is away is reported, and may come later. */
  start(): Promise<void>
  /** Answers when the server does. Uses a connection of its own, so that a busy pool does not look like a dead server. */
  ping(): Promise<void>
  close(): Promise<void>
}

// pg waits without limit unless told otherwise. `query_timeout` is the client's own clock and ends the wait for a frozen server.
const clientLimits = { connectionTimeoutMillis: 1_000, query_timeout: 6_000, keepAlive: true }

const serverLimits = {
  statement_timeout: 5_000,
  // More than PostgreSQL's `deadlock_timeout` (1 s), so that a deadlock is told as one and the transaction runs again.
  lock_timeout: 1_400,
  idle_in_transaction_session_timeout: 30_000,
}

export function createDatabase({ config, log }: DatabaseDeps): Database {
  const connection = {
    connectionString: config.databaseUrl,
    application_name: config.appName,
    ...clientLimits,
    // PgBouncer refuses a connection that brings them.
    ...(!config.databasePooler && serverLimits),
  }
  const pool = new CleanPool({ ...connection, max: config.databasePoolSize })
  const pingPool = new CleanPool({
    ...connection,
    max: 1,
    query_timeout: 1_000,
    idleTimeoutMillis: 60_000,
  })
  for (const each of [pool, pingPool])
    each.on('error', (error) =>
      log.warn({ reason: error.message }, 'lost an idle database connection'),
    )
  // Behind a pooler in transaction mode, the next statement may meet another connection.
  const named = !config.databasePooler
  const adapter = new PrismaPg(
    pool,
    named ? { statementNameGenerator: createStatementNames() } : {},
  )
  const client = extendClient(new PrismaClient({ adapter }), { poolSize: config.databasePoolSize })
  const read = createReader(pool, { named })
  const transactionLimits = config.databasePooler ? serverLimits : {}
  return { client, pool, read, transactionLimits, start, ping, close }

  async function start() {
    const fault = await findSchemaFault(pool).catch((error: unknown) => {
      log.warn({ reason: reasonOf(toDatabaseError(error)) }, 'the database cannot be used yet')
    })
    if (fault) throw new ConfigError([{ key: 'DATABASE_URL', problem: fault, example }])
  }

  async function ping() {
    const fault = await findSchemaFault(pingPool).catch((error: unknown) => {
      throw toDatabaseError(error)
    })
    if (fault) throw databaseUnavailable({ cause: new Error(fault) })
  }

  async function close() {
    await client.$disconnect()
    await Promise.all([pool.end(), pingPool.end()])
  }
}

const example = 'postgresql://ashlar:password@localhost:5432/ashlar'

async function findSchemaFault(pool: Pool): Promise<string | undefined> {
  const { rows } = await pool.query<{ schema: string | null }>(schemaQuery)
  return schemaFault(rows[0]?.schema)
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof Error ? cause.message : String(cause)
}
