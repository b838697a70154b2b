import type { Component } from '@ashlar/core/lifecycle'
import type { Core, FeatureModule } from '@ashlar/core/module'
import { createQueueGauges, createScheduler as createTaskScheduler } from '@ashlar/core/queue'

export interface SchedulerDeps {
  core: Pick<Core, 'config' | 'log' | 'metrics' | 'database' | 'queues'>
  modules: readonly FeatureModule[]
}

export interface Scheduler {
  /** In the order in which they start. */
  components: readonly Component[]
}

/** Keeps the modules' schedules, and tells how full queues and outbox are. May run more than once. */
export function createScheduler({ core, modules }: SchedulerDeps): Scheduler {
  const { log, metrics, queues } = core
  const { pool } = core.database
  return {
    components: [
      createTaskScheduler({ queues, modules, log, metrics }),
      createQueueGauges({ pool, queues, modules, log, metrics }),
    ],
  }
}
