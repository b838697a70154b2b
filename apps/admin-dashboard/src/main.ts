import { tracing } from './instrumentation.ts'
import { createHttpServer } from '@ashlar/core/http'
import { runProcess } from '@ashlar/core/lifecycle'
import { addManagement, createCore } from '@ashlar/core/module'
import { composeModules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'
import { createAdminApp } from './app.ts'

void runProcess(() => {
  const config = loadConfig()
  const core = createCore({ process: 'admin-dashboard', config: config.core })
  const { lifecycle, log } = core
  const {
    problemBaseUrl,
    port = 3001,
    connectionsPerAddress,
    shutdownLingerMs: lingerMs,
  } = config.core
  const health = addManagement(core, { tracing, defaultPort: 9467, needsRedis: true })
  const app = createAdminApp({ core, modules: composeModules(core, config), health })
  lifecycle.add(
    createHttpServer({ app, port, problemBaseUrl, health, log, connectionsPerAddress, lingerMs }),
  )
  return { lifecycle, log }
})
