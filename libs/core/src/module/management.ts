import { createHealth, type Health } from '../http/index.ts'
import { createManagementServer, measureDatabasePool, type Tracing } from '../telemetry/index.ts'
import type { Core } from './core.ts'

export interface ManagementOptions {
  tracing: Tracing
  /** Port of metrics and health unless MANAGEMENT_PORT gives another. */
  defaultPort: number
  /** Whether the process is of no use without Redis. PostgreSQL is needed by all. */
  needsRedis: boolean
}

/**
 * Adds to a process what operators look at: health, metrics and the port that serves both. Call it before the process's own components are
 * added, so that they are ready last and stop first.
 */
export function addManagement(
  { config, database, redis, lifecycle, log, metrics }: Core,
  { tracing, defaultPort, needsRedis }: ManagementOptions,
): Health {
  const health = createHealth({
    problemBaseUrl: config.problemBaseUrl,
    checks: [
      { name: 'database', required: true, check: () => database.ping() },
      { name: 'redis', required: needsRedis, check: () => redis.ping() },
    ],
  })
  measureDatabasePool({ metrics, pool: database.pool })
  lifecycle.add(tracing)
  lifecycle.add(
    createManagementServer({ port: config.managementPort ?? defaultPort, health, metrics, log }),
  )
  return health
}
