import { createHealth, createHttpServer, createManagementApp, type Health } from '../http/index.ts'
import { measureDatabasePool, type Tracing } from '../telemetry/index.ts'
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
  const { problemBaseUrl } = config
  const health = createHealth({
    problemBaseUrl,
    log,
    checks: [
      { name: 'database', required: true, check: () => database.ping() },
      { name: 'redis', required: needsRedis, check: () => redis.ping() },
    ],
  })
  measureDatabasePool({ metrics, pool: database.pool })
  lifecycle.add(tracing)
  lifecycle.add(
    createHttpServer({
      name: 'management port',
      portVariable: 'MANAGEMENT_PORT',
      app: createManagementApp({ config, health, metrics, log }),
      port: config.managementPort ?? defaultPort,
      host: config.managementHost,
      hostVariable: 'MANAGEMENT_HOST',
      problemBaseUrl,
      log,
      // What is asked here can be asked again.
      lingerMs: 0,
    }),
  )
  return health
}
