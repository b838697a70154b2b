import { tracing } from './instrumentation.ts'
import { readEnvironment } from '@ashlar/core/config'
import { createHttpServer } from '@ashlar/core/http'
import { runProcess } from '@ashlar/core/lifecycle'
import { addManagement, createCore } from '@ashlar/core/module'
import { composeModules } from '@ashlar/modules'
import { loadConfig, warnOfRisks } from '@ashlar/modules/config'
import { createApp } from './app.ts'

void runProcess(() => {
  const environment = readEnvironment()
  const config = loadConfig(environment, 'api')
  const core = createCore({ process: 'api', config: config.core })
  const { lifecycle, log } = core
  warnOfRisks(log, environment, 'api')
  const { problemBaseUrl, host, port = 3000, connectionsPerAddress } = config.core
  const { shutdownLingerMs: lingerMs } = config.core
  const health = addManagement(core, { tracing, defaultPort: 9464, needsRedis: false })
  const app = createApp({ core, modules: composeModules(core, config).all, health })
  const limits = { connectionsPerAddress, lingerMs }
  lifecycle.add(createHttpServer({ app, host, port, problemBaseUrl, health, log, ...limits }))
  return { lifecycle, log }
})
