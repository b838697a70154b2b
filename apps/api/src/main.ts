import { tracing } from './instrumentation.ts'
import { createHttpServer } from '@ashlar/core/http'
import { runProcess } from '@ashlar/core/lifecycle'
import { addManagement, createCore } from '@ashlar/core/module'
import { createRedis } from '@ashlar/core/redis'
import { composeModules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'
import { createApp } from './app.ts'

void runProcess(() => {
  const config = loadConfig()
  const core = createCore({ process: 'api', config: config.core })
  const { lifecycle, log, metrics } = core
  const { problemBaseUrl, port = 3000 } = config.core
  const redis = createRedis({ config: config.core, log, metrics })
  const health = addManagement(core, { tracing, defaultPort: 9464, redis, needsRedis: false })
  const app = createApp({ core, modules: composeModules(core, config).all, health })
  lifecycle.add(redis)
  lifecycle.add(createHttpServer({ app, port, problemBaseUrl, health, log }))
  return { lifecycle, log }
})
