import { tracing } from './instrumentation.ts'
import { createHttpServer } from '@ashlar/core/http'
import { runProcess } from '@ashlar/core/lifecycle'
import { addManagement, createCore } from '@ashlar/core/module'
import { composeModules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'
import { createApp } from './app.ts'

void runProcess(() => {
  const config = loadConfig()
  const core = createCore({ process: 'api', config: config.core })
  const { lifecycle, log } = core
  const {
    problemBaseUrl,
    port = 3000,
    connectionsPerAddress,
    shutdownLingerMs: lingerMs,
  } = config.core
  const health = addManagement(core, { tracing, defaultPort: 9464, needsRedis: false })
  const app = createApp({ core, modules: composeModules(core, config).all, health })
  lifecycle.add(
    createHttpServer({ app, port, problemBaseUrl, health, log, connectionsPerAddress, lingerMs }),
  )
  return { lifecycle, log }
})
