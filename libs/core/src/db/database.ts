import { setTimeout as sleep } from 'node:timers/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import type { Pool } from 'pg'
import { ConfigError, type CoreConfig } from '../config/index.ts'
import { databaseUnavailable } from '../errors/index.ts'
import { createOutageLog, type Logger, type OutageLog } from '../logging/index.ts'
import { CleanPool } from './clean-pool.ts'
import { readinessName, warnOfFullServer } from './connection-budget.ts'
import { connectionFault, schemaFault, schemaQuery, standbyFault } from './connection-fault.ts'
import { toDatabaseError } from './database-errors.ts'
import { extendClient } from './extend-client.ts'
import { createFirstConnections } from './first-connections.ts'
import { PrismaClient } from './generated/client.ts'
import { createReader, type Read } from './reader.ts'
import { createStatementNames } from './statement-names.ts'
import type { Db } from './tables.ts'

export interface DatabaseDeps {
  config: Pick<
    CoreConfig,
    'appEnv' | 'appName' | 'databaseUrl' | 'databasePoolSize' | 'databasePooler'
  >
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
  /**
   * Opens the first connections, and goes on with it in the background where that takes over a
   * second. Throws a `ConfigError` for a database whose tables it would not find. Warns in
   * production where all processes together may open more connections than the server allows.
   */
  start(): Promise<void>
  /**
   * Answers when the server does, takes writes, and the pool has its first connections. Uses a
   * connection of its own, so that a busy pool does not look like a dead server.
   */
  ping(): Promise<void>
  close(): Promise<void>
}

// pg waits without limit unless told otherwise. `query_timeout` is the client's own clock and ends the wait for a frozen server.
const clientLimits = {
  waitMs: 1_000,
  openMs: 10_000,
  query_timeout: 6_000,
  keepAlive: true,
  // Connections that are kept would be forgotten by firewalls, which drop what is silent for
  // minutes.
  keepAliveInitialDelayMillis: 30_000,
}

/** After `statement_timeout`, and early enough for the answer to arrive before `query_timeout`. */
const cancelAfterMs = 5_250

/** Connections that are opened at the start and kept, so that the first requests find some. */
const firstConnections = 4

/** An absent PostgreSQL does not keep a process from starting. */
const startMs = 1_000

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
  const outage = createConnectionOutage(log)
  const count = Math.min(firstConnections, config.databasePoolSize)
  const pool = new CleanPool({
    ...connection,
    max: config.databasePoolSize,
    min: count,
    cancelAfterMs,
    onRefused: noticeRefusal,
  })
  const pingPool = new CleanPool({
    ...connection,
    application_name: readinessName(config),
    max: 1,
    query_timeout: 1_000,
    idleTimeoutMillis: 60_000,
  })
  const first = createFirstConnections({ pool, count, outage })
  pool.on('connect', outage.recovered)
  for (const each of [pool, pingPool]) each.on('error', noticeLoss)
  pool.on('remove', keepFirst)
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
    await Promise.race([first.keepTrying(), sleep(startMs, undefined, { ref: false })])
    if (!first.wereOpened()) return
    // A loss in this moment is reported with the connections, and looked at again by `ping`.
    const server = await inspect(pool).catch(() => undefined)
    const fault = server && schemaFault(server.schema)
    if (fault) throw new ConfigError([{ key: 'DATABASE_URL', problem: fault, example }])
    // A pooler opens the connections itself, as many as its settings say.
    if (config.appEnv === 'production' && !config.databasePooler)
      await warnOfFullServer({ pool, config, log }).catch(() => undefined)
  }

  async function ping() {
    const server = await inspect(pingPool).catch((error: unknown) => {
      throw toDatabaseError(error)
    })
    if (server.isStandby) for (const each of [pool, pingPool]) each.renew()
    const fault = server.isStandby ? standbyFault : schemaFault(server.schema)
    if (fault) throw databaseUnavailable({ cause: new Error(`DATABASE_URL ${fault}`) })
    if (!first.wereOpened())
      await first.open().catch((error: unknown) => {
        throw toDatabaseError(error)
      })
  }

  /** With connections left, the pool serves on, and opens further ones as they are needed. */
  function noticeRefusal(error: Error) {
    outage.failed(error)
    if (first.wereOpened() && pool.totalCount === 0) void first.keepTrying()
  }

  function noticeLoss(error: Error) {
    outage.failed(error)
    if (first.wereOpened()) void first.keepTrying()
  }

  /** Connections end when they are old, too. */
  function keepFirst() {
    if (first.wereOpened() && pool.totalCount < count) void first.keepTrying()
  }

  async function close() {
    first.stop()
    await client.$disconnect()
    await Promise.all([pool.end(), pingPool.end()])
  }
}

/** Reports a fault that waiting does not mend in the words that help. */
function createConnectionOutage(log: Logger): OutageLog {
  const { failed, recovered } = createOutageLog(log, 'the connection to PostgreSQL')
  return { failed: (error) => failed(connectionFault(error) ?? error), recovered }
}

const example = 'postgresql://ashlar:password@localhost:5432/ashlar'

interface Server {
  schema: string | null
  isStandby: boolean
}

async function inspect(pool: Pool): Promise<Server> {
  const query = `${schemaQuery}, pg_is_in_recovery() AS "isStandby"`
  const { rows } = await pool.query<Server>(query)
  return rows[0]!
}
