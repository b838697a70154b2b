import { tracing } from './instrumentation.ts'
import { runProcess } from '@ashlar/core/lifecycle'
import { addManagement, createCore } from '@ashlar/core/module'
import { composeModules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'
import { createScheduler } from './scheduler.ts'

void runProcess(() => {
  const config = loadConfig()
  const core = createCore({ process: 'scheduler', config: config.core })
  const { lifecycle, log } = core
  const scheduler = createScheduler({ core, modules: composeModules(core, config).all })
  const health = addManagement(core, { tracing, defaultPort: 9466, needsRedis: true })
  for (const component of scheduler.components) lifecycle.add(component)
  lifecycle.add({ name: 'readiness', stop: () => health.startDraining() })
  return { lifecycle, log }
})
