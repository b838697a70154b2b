import { tracing } from './instrumentation.ts'
import { createHealth, createHttpServer } from '@ashlar/core/http'
import { runProcess } from '@ashlar/core/lifecycle'
import { createCore } from '@ashlar/core/module'
import { createQueues } from '@ashlar/core/queue'
import { createManagementServer, measureDatabasePool } from '@ashlar/core/telemetry'
import { composeModules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'
import { createAdminApp } from './app.ts'

const defaultPorts = { public: 3001, management: 9467 }

void runProcess(() => {
  const config = loadConfig()
  const core = createCore({ process: 'admin-dashboard', config: config.core })
  const { database, lifecycle, log, metrics } = core
  const { problemBaseUrl, port, managementPort } = config.core
  const queues = createQueues({ config: config.core, log, metrics })
  const health = createHealth({
    problemBaseUrl,
    checks: [
      { name: 'database', required: true, check: () => database.ping() },
      { name: 'redis', required: true, check: () => queues.redis.ping() },
    ],
  })
  const app = createAdminApp({ core, modules: composeModules(core, config), queues, health })
  measureDatabasePool({ metrics, pool: database.pool })
  lifecycle.add(tracing)
  lifecycle.add(queues)
  lifecycle.add(
    createManagementServer({
      port: managementPort ?? defaultPorts.management,
      health,
      metrics,
      log,
    }),
  )
  lifecycle.add(
    createHttpServer({ app, port: port ?? defaultPorts.public, problemBaseUrl, health, log }),
  )
  return { lifecycle, log }
})
