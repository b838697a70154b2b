import type { Component } from '../lifecycle/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import type { JobRun, WorkedQueue } from './job-attempt.ts'
import { createJobWorkers, type JobWorkersDeps } from './job-workers.ts'
import { watchLeftQueues } from './left-queues.ts'
import { moduleOf, taskQueue } from './names.ts'
import { readPayload, readResult } from './payload.ts'
import type { Queues } from './queues.ts'
import { mayRunBeside } from './shared-concurrency.ts'
import { countTicks, type Schedule } from './schedule.ts'
import type { TaskHandler, TaskRun } from './task.ts'

export interface TaskWorkersDeps extends Omit<JobWorkersDeps, 'name' | 'queues' | 'countDead'> {
  tasks: readonly TaskHandler[]
  /** Tells where jobs are left, and how many are dead. */
  queues: Pick<Queues, 'findUsed' | 'get' | 'redis'>
  metrics: Pick<Metrics, 'jobDuration' | 'scheduleRunsMissed'>
  /** Knows the jobs that came through the outbox. Without it they run like all others, and the database is not told. */
  deliveries?: DeliveryRecord
  /** Tasks of one module that run at once in one process; 10 if unset. */
  concurrency?: number
  /** How often it looks for jobs that are left in the queue of a task that has lost its limits; 30 s if unset. */
  lookEveryMs?: number
}

/** Where it is written whether a task that came through the outbox is done. */
export interface DeliveryRecord {
  /** Undefined for a job that did not come through the outbox. */
  find(job: Pick<JobRun, 'id' | 'name'>, queue: string): Delivery | undefined
}

export interface Delivery {
  isFinished(): Promise<boolean>
  finish(): Promise<void>
  /** Stores it until a process knows the task. */
  hold(): Promise<void>
  giveUp(reason: string): Promise<void>
}

/**
 * Runs the tasks of the given modules: each module in its own queue, and each task with limits in one of its own. What is left where a task was
 * before it got limits, or lost them, is run too.
 */
export function createTaskWorkers({
  tasks,
  queues,
  deliveries,
  concurrency = 10,
  lookEveryMs,
  ...deps
}: TaskWorkersDeps): Component {
  // A counter that appears with its first miss shows no increase.
  for (const { task, schedule } of tasks)
    if (schedule) deps.metrics.scheduleRunsMissed.inc({ task: task.name }, 0)
  const modules = Map.groupBy(tasks, ({ task }) => moduleOf(task.name))
  const worked = [...modules].flatMap(([module, handlers]) => {
    refuseDoubles(module, handlers)
    // A task that has a limit since today may have jobs from yesterday in the queue of its module.
    const shared = toQueue(taskQueue(module), handlers, concurrency)
    const limited = handlers.filter(({ task }) => task.queue !== shared.name)
    return [shared, ...limited.map((handler) => toOwnQueue(handler))]
  })
  const workers = createJobWorkers({
    ...deps,
    name: 'task workers',
    queues: worked,
    countDead: (name) => queues.get(name).getFailedCount(),
  })
  const left = watchLeftQueues({
    queues,
    tasks,
    workOff: (handler) => workers.add(toQueue(handler.task.name, [handler], concurrency)),
    log: deps.log,
    everyMs: lookEveryMs,
  })
  return { name: workers.name, start, drain, stop }

  function start(): void {
    workers.start()
    void left.start?.()
  }

  function drain(): void {
    workers.drain()
    left.drain?.()
  }

  /** Together, because the look may wait for a frozen Redis. */
  async function stop(signal: AbortSignal): Promise<void> {
    await Promise.all([left.stop?.(signal), workers.stop(signal)])
  }

  function toOwnQueue(handler: TaskHandler): WorkedQueue {
    const { limits, queue } = handler.task
    const { concurrency: most } = limits
    const own = toQueue(queue, [handler], most ?? concurrency)
    return {
      ...own,
      rate: limits.rate,
      ...(most && { mayRun: () => mayRunBeside(queues, queue, most) }),
    }
  }

  function toQueue(queue: string, handlers: TaskHandler[], concurrency: number): WorkedQueue {
    const byName = new Map(handlers.map((handler) => [handler.task.name, handler]))
    return {
      name: queue,
      concurrency,
      policyOf({ name, opts }) {
        const policy = byName.get(name)?.task.policy
        return policy && { ...policy, attempts: opts.attempts ?? policy.attempts }
      },
      async leave(job) {
        const delivery = deliveries?.find(job, queue)
        if (!(await delivery?.isFinished())) await delivery?.hold()
        return delivery !== undefined
      },
      async run(job) {
        const delivery = deliveries?.find(job, queue)
        if (await delivery?.isFinished()) return { skipped: true }
        job.signal.throwIfAborted()
        const { task, schedule, run } = byName.get(job.name) as TaskHandler
        if (schedule && job.scheduledFor && job.attempt === 1) tellMissed(job, schedule)
        const result = readResult(
          task.result,
          await run(readPayload(task.schema, job.data), toTaskRun(job)),
        )
        await delivery?.finish()
        return result
      },
      async giveUp(job, reason) {
        await deliveries?.find(job, queue)?.giveUp(reason)
      },
    }
  }

  /** BullMQ makes the next run when this one begins, so the times that passed before are left out. */
  function tellMissed({ name, scheduledFor, log }: JobRun, schedule: Schedule): void {
    const dueAt = scheduledFor as Date
    const missed = countTicks(schedule, dueAt, new Date())
    if (missed === 0) return
    deps.metrics.scheduleRunsMissed.inc({ task: name }, missed)
    log.warn({ task: name, missed, dueAt }, 'a schedule missed runs')
  }
}

function refuseDoubles(module: string, handlers: TaskHandler[]): void {
  const names = handlers.map(({ task }) => task.name)
  if (new Set(names).size < names.length)
    throw new TypeError(`The module ${module} handles a task twice: ${names.join()}`)
}

const toTaskRun = ({ id, attempt, signal, log, progress, scheduledFor }: JobRun): TaskRun => ({
  id,
  attempt,
  signal,
  log,
  progress,
  ...(scheduledFor && { scheduledFor }),
})
