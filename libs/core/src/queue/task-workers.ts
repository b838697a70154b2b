import type { Component } from '../lifecycle/index.ts'
import type { WorkedQueue } from './job-attempt.ts'
import { createJobWorkers, type JobWorkersDeps } from './job-workers.ts'
import { moduleOf, taskQueue } from './names.ts'
import { readPayload } from './payload.ts'
import type { TaskHandler } from './task.ts'

export interface TaskWorkersDeps extends Omit<JobWorkersDeps, 'name' | 'queues'> {
  tasks: readonly TaskHandler[]
  /** Tasks of one module that run at once in one process; 10 if unset. */
  concurrency?: number
}

/** Runs the tasks of the given modules, each module in its own queue. */
export function createTaskWorkers({
  tasks,
  concurrency = 10,
  ...deps
}: TaskWorkersDeps): Component {
  const modules = Map.groupBy(tasks, ({ task }) => moduleOf(task.name))
  const queues = [...modules].map(([module, handlers]) => toQueue(module, handlers, concurrency))
  return createJobWorkers({ ...deps, name: 'task workers', queues })
}

function toQueue(module: string, handlers: TaskHandler[], concurrency: number): WorkedQueue {
  const byName = new Map(handlers.map((handler) => [handler.task.name, handler]))
  if (byName.size < handlers.length)
    throw new TypeError(`The module ${module} handles a task twice: ${[...byName.keys()].join()}`)
  return {
    name: taskQueue(module),
    concurrency,
    policyOf({ name, opts }) {
      const policy = byName.get(name)?.task.policy
      return policy && { ...policy, attempts: opts.attempts ?? policy.attempts }
    },
    async run({ id, name, data, attempt, signal, log }) {
      const handler = byName.get(name) as TaskHandler
      return handler.run(readPayload(handler.task.schema, data), { id, attempt, signal, log })
    },
  }
}
