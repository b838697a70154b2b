import { tracing } from './instrumentation.ts'
import { createHealth } from '@ashlar/core/http'
import { runProcess } from '@ashlar/core/lifecycle'
import { createCore } from '@ashlar/core/module'
import { createManagementServer, measureDatabasePool } from '@ashlar/core/telemetry'
import { composeModules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'
import { createScheduler } from './scheduler.ts'

const defaultManagementPort = 9466

void runProcess(() => {
  const config = loadConfig()
  const core = createCore({ process: 'scheduler', config: config.core })
  const { database, lifecycle, log, metrics } = core
  const { problemBaseUrl, managementPort } = config.core
  const scheduler = createScheduler({ core, modules: composeModules(core, config).all })
  const health = createHealth({
    problemBaseUrl,
    checks: [
      { name: 'database', required: true, check: () => database.ping() },
      { name: 'redis', required: true, check: () => scheduler.queues.redis.ping() },
    ],
  })
  measureDatabasePool({ metrics, pool: database.pool })
  lifecycle.add(tracing)
  lifecycle.add(
    createManagementServer({
      port: managementPort ?? defaultManagementPort,
      health,
      metrics,
      log,
    }),
  )
  for (const component of scheduler.components) lifecycle.add(component)
  lifecycle.add({ name: 'readiness', stop: () => health.startDraining() })
  return { lifecycle, log }
})
