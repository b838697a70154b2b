import { tracing } from './instrumentation.ts'
import { readEnvironment } from '@ashlar/core/config'
import { createHttpServer } from '@ashlar/core/http'
import { runProcess } from '@ashlar/core/lifecycle'
import { addManagement, createCore } from '@ashlar/core/module'
import { composeModules } from '@ashlar/modules'
import { loadConfig, warnOfRisks } from '@ashlar/modules/config'
import { createAdminApp } from './app.ts'

void runProcess(() => {
  const environment = readEnvironment()
  const config = loadConfig(environment, 'admin-dashboard')
  const core = createCore({ process: 'admin-dashboard', config: config.core })
  const { lifecycle, log } = core
  warnOfRisks(log, environment, 'admin-dashboard')
  const { problemBaseUrl, host, port = 3001, connectionsPerAddress } = config.core
  const { shutdownLingerMs: lingerMs } = config.core
  const health = addManagement(core, { tracing, defaultPort: 9467, needsRedis: true })
  const app = createAdminApp({ core, modules: composeModules(core, config), health })
  const limits = { connectionsPerAddress, lingerMs }
  lifecycle.add(createHttpServer({ app, host, port, problemBaseUrl, health, log, ...limits }))
  return { lifecycle, log }
})
