import type { Pool } from 'pg'
import type { CoreConfig } from '../config/index.ts'
import type { Logger } from '../logging/index.ts'

export interface ConnectionBudgetDeps {
  pool: Pool
  config: Pick<CoreConfig, 'appName' | 'databasePoolSize'>
  log: Logger
}

/** Readiness, the wake-up of relays, and LISTEN: each has a connection of its own. */
const besidePool = 3

/** The connection of readiness has this name: each process has one, and no other keeps it. */
export const readinessName = (config: Pick<CoreConfig, 'appName'>): string =>
  `${config.appName} readiness`

const budgetQuery = `
  SELECT current_setting('max_connections')::int
         - current_setting('superuser_reserved_connections')::int
         - coalesce(current_setting('reserved_connections', true)::int, 0) AS allowed,
         (SELECT count(*)::int FROM pg_stat_activity WHERE application_name = $1) AS others`

/**
 * Warns where the processes that are connected now may open more connections than the server allows
 * once all pools are full. Processes are counted on the server, so nobody has to keep a number of
 * replicas up to date; their pools count as large as the one of this process.
 */
export async function warnOfFullServer({ pool, config, log }: ConnectionBudgetDeps): Promise<void> {
  const { rows } = await pool.query<{ allowed: number; others: number }>(budgetQuery, [
    readinessName(config),
  ])
  const { allowed, others } = rows[0]!
  const processes = others + 1
  const possible = processes * (config.databasePoolSize + besidePool)
  if (possible > allowed)
    log.warn(
      { processes, poolSize: config.databasePoolSize, possible, allowed },
      'The processes may open more connections than PostgreSQL allows. Lower DATABASE_POOL_SIZE, raise max_connections, or put PgBouncer between',
    )
}
