import { tracing } from './instrumentation.ts'
import { readEnvironment } from '@ashlar/core/config'
import { runProcess } from '@ashlar/core/lifecycle'
import { addManagement, createCore } from '@ashlar/core/module'
import { composeModules } from '@ashlar/modules'
import { loadConfig, warnOfRisks } from '@ashlar/modules/config'
import { createWorker } from './worker.ts'

void runProcess(() => {
  const environment = readEnvironment()
  const config = loadConfig(environment, 'worker')
  const core = createCore({ process: 'worker', config: config.core })
  const { lifecycle, log } = core
  warnOfRisks(log, environment, 'worker')
  const worker = createWorker({ core, modules: composeModules(core, config).all })
  const health = addManagement(core, { tracing, defaultPort: 9465, needsRedis: true })
  for (const component of worker.components) lifecycle.add(component)
  lifecycle.add({ name: 'readiness', drain: () => health.startDraining() })
  return { lifecycle, log }
})
