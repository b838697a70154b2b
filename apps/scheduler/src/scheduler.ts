import type { Component } from '@ashlar/core/lifecycle'
import type { Core, FeatureModule } from '@ashlar/core/module'
import {
  createQueueGauges,
  createQueues,
  createScheduler as createTaskScheduler,
  type Queues,
} from '@ashlar/core/queue'

export interface SchedulerDeps {
  core: Pick<Core, 'config' | 'log' | 'metrics' | 'database'>
  modules: readonly FeatureModule[]
}

export interface Scheduler {
  queues: Queues
  /** In the order in which they start. */
  components: readonly Component[]
}

/** Keeps the modules' schedules, and tells how full queues and outbox are. May run more than once. */
export function createScheduler({ core, modules }: SchedulerDeps): Scheduler {
  const { config, log, metrics } = core
  const { pool } = core.database
  const queues = createQueues({ config, log, metrics })
  return {
    queues,
    components: [
      queues,
      createTaskScheduler({ queues, modules, log }),
      createQueueGauges({ pool, queues, modules, log, metrics }),
    ],
  }
}
