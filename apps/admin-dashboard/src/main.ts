import { tracing } from './instrumentation.ts'
import { createHttpServer } from '@ashlar/core/http'
import { runProcess } from '@ashlar/core/lifecycle'
import { addManagement, createCore } from '@ashlar/core/module'
import { createQueues } from '@ashlar/core/queue'
import { composeModules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'
import { createAdminApp } from './app.ts'

void runProcess(() => {
  const config = loadConfig()
  const core = createCore({ process: 'admin-dashboard', config: config.core })
  const { lifecycle, log, metrics } = core
  const { problemBaseUrl, port = 3001 } = config.core
  const queues = createQueues({ config: config.core, log, metrics })
  const { redis } = queues
  const health = addManagement(core, { tracing, defaultPort: 9467, redis, needsRedis: true })
  const app = createAdminApp({ core, modules: composeModules(core, config), queues, health })
  lifecycle.add(queues)
  lifecycle.add(createHttpServer({ app, port, problemBaseUrl, health, log }))
  return { lifecycle, log }
})
