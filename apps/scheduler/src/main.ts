import { tracing } from './instrumentation.ts'
import { readEnvironment } from '@ashlar/core/config'
import { runProcess } from '@ashlar/core/lifecycle'
import { addManagement, createCore } from '@ashlar/core/module'
import { composeModules } from '@ashlar/modules'
import { loadConfig, warnOfRisks } from '@ashlar/modules/config'
import { createScheduler } from './scheduler.ts'

void runProcess(() => {
  const environment = readEnvironment()
  const config = loadConfig(environment, 'scheduler')
  const core = createCore({ process: 'scheduler', config: config.core })
  const { lifecycle, log } = core
  warnOfRisks(log, environment, 'scheduler')
  const scheduler = createScheduler({ core, modules: composeModules(core, config).all })
  const health = addManagement(core, { tracing, defaultPort: 9466, needsRedis: true })
  for (const component of scheduler.components) lifecycle.add(component)
  lifecycle.add({ name: 'readiness', drain: () => health.startDraining() })
  return { lifecycle, log }
})
