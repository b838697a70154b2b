import {
  createListenerWorkers,
  createRelay,
  createSubscriptions,
  createTaskDeliveries,
} from '../src/events/index.ts'
import type { Component } from '../src/lifecycle/index.ts'
import type { Core, FeatureModule } from '../src/module/index.ts'
import { createTaskWorkers } from '../src/queue/index.ts'

export interface TestWorker {
  stop(): Promise<void>
}

/** Runs the listeners and tasks of modules as a worker does, over the real outbox, relay and queues of a test. */
export async function startWorker(
  core: Core,
  modules: readonly FeatureModule[],
): Promise<TestWorker> {
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
  const components: Component[] = [
    createRelay({ config, pool, queues, subscriptions, log, metrics }),
    createListenerWorkers({ config, pool, queues, listeners, log, metrics }),
    createTaskWorkers({
      config,
      tasks,
      queues,
      deliveries: createTaskDeliveries(pool),
      log,
      metrics,
    }),
  ]
  for (const component of components) await component.start?.()
  return {
    async stop() {
      for (const component of components.toReversed())
        await component.stop?.(AbortSignal.timeout(5_000))
    },
  }
}
