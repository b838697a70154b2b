import {
  createListenerWorkers,
  createRelay,
  createSubscriptions,
  createSweep,
  createTaskDeliveries,
} from '@ashlar/core/events'
import type { Component } from '@ashlar/core/lifecycle'
import type { Core, FeatureModule } from '@ashlar/core/module'
import { assertOwnNames, createTaskWorkers } from '@ashlar/core/queue'

export interface WorkerDeps {
  core: Pick<Core, 'config' | 'log' | 'metrics' | 'database' | 'queues'>
  modules: readonly FeatureModule[]
}

export interface Worker {
  /** In the order in which they start; they stop in reverse: first no more jobs, then no more events. */
  components: readonly Component[]
}

/** The listeners and tasks of the modules, and a relay that feeds the listeners of all processes. */
export function createWorker({ core, modules }: WorkerDeps): Worker {
  assertOwnNames(modules)
  const { config, log, metrics, queues } = core
  const { pool } = core.database
  const listeners = modules.flatMap((module) => module.listeners ?? [])
  const tasks = modules.flatMap((module) => module.tasks ?? [])
  const subscriptions = createSubscriptions({
    pool,
    listeners,
    tasks,
    modules: modules.map(({ name }) => name),
    log,
  })
  return {
    components: [
      createRelay({ config, pool, queues, subscriptions, log, metrics }),
      createSweep({ pool, queues, log }),
      createListenerWorkers({ config, pool, queues, listeners, log, metrics }),
      createTaskWorkers({
        config,
        tasks,
        queues,
        deliveries: createTaskDeliveries(pool),
        log,
        metrics,
      }),
    ],
  }
}
