import { tracing } from './instrumentation.ts'
import { createHealth, createHttpServer } from '@ashlar/core/http'
import { runProcess } from '@ashlar/core/lifecycle'
import { createCore } from '@ashlar/core/module'
import { createRedis } from '@ashlar/core/redis'
import { createManagementServer, measureDatabasePool } from '@ashlar/core/telemetry'
import { composeModules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'
import { createApp } from './app.ts'

const defaultPorts = { public: 3000, management: 9464 }

void runProcess(() => {
  const config = loadConfig()
  const core = createCore({ process: 'api', config: config.core })
  const { log, lifecycle, metrics } = core
  const { problemBaseUrl, port, managementPort } = config.core
  const redis = createRedis({ config: config.core, log, metrics })
  const health = createHealth({
    problemBaseUrl,
    checks: [
      { name: 'database', required: true, check: () => core.database.ping() },
      { name: 'redis', required: false, check: () => redis.ping() },
    ],
  })
  const { all: modules } = composeModules(core, config)
  const app = createApp({ core, modules, health })
  measureDatabasePool({ metrics, pool: core.database.pool })
  lifecycle.add(tracing)
  lifecycle.add(redis)
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
