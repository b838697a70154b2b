import type { z } from 'zod'
import type { Logger } from '../logging/index.ts'
import { assertQualifiedName, moduleOf, taskQueue } from './names.ts'
import type { RetryPolicy } from './retry.ts'
import { assertSchedule, type Schedule } from './schedule.ts'

/** How many jobs of a task may run, over all workers together. A task with a limit has a queue of its own, by its name. */
export interface TaskLimits {
  /** Jobs that run at the same time. */
  concurrency?: number
  /** Jobs that begin within a time. */
  rate?: { max: number; perMs: number }
}

/** Work that is done later, by a worker. */
export interface TaskDefinition<
  Schema extends z.ZodType = z.ZodType,
  Result extends z.ZodType = z.ZodType,
> {
  name: string
  /** The BullMQ queue of its jobs. */
  queue: string
  schema: Schema
  /** Of what a run returns. Undefined: anything that is JSON. */
  result: Result | undefined
  policy: RetryPolicy
  limits: TaskLimits
}

/** `attempts` (default 5), `backoffMs` (default 1 s), `timeoutMs` (default 10 minutes), limits, and the schema of the result. */
export interface TaskOptions<Result extends z.ZodType = z.ZodType>
  extends Partial<RetryPolicy>, TaskLimits {
  result?: Result
}

/** What a handler is told about the run at hand. */
export interface TaskRun {
  /** The job's id, the same for each attempt. */
  id: string
  /** From 1. */
  attempt: number
  /** Aborted when the process stops or the task's time is over. */
  signal: AbortSignal
  log: Logger
  /** When its schedule wanted it; undefined if somebody enqueued it. */
  scheduledFor?: Date
  /** Tells how far it is, for who asks and for the dashboard: a number (percent) or what you like. Never fails the run. */
  progress(value: number | object): Promise<void>
}

export interface HandleOptions {
  schedule?: Schedule
}

/** A task with the function that does it. */
export interface TaskHandler {
  task: TaskDefinition
  schedule?: Schedule
  run(payload: unknown, run: TaskRun): Promise<unknown>
}

const defaults: RetryPolicy = { attempts: 5, backoffMs: 1_000, timeoutMs: 600_000 }

/**
 * Declares a task. The payload holds ids, never secrets or rows. Throws if the name is not `<module>.<what>` or a limit is none.
 *
 * @example
 * const sendReport = defineTask('reports.send-report', z.object({ reportId: z.int() }), {
 *   attempts: 3,
 *   rate: { max: 10, perMs: 60_000 },
 * })
 */
export function defineTask<Schema extends z.ZodType, Result extends z.ZodType = z.ZodUnknown>(
  name: string,
  schema: Schema,
  { result, concurrency, rate, ...policy }: TaskOptions<Result> = {},
): TaskDefinition<Schema, Result> {
  assertQualifiedName(name)
  const limits = { ...(concurrency && { concurrency }), ...(rate && { rate }) }
  for (const limit of [concurrency, rate?.max, rate?.perMs, ...Object.values(policy)])
    if (limit !== undefined && !(Number.isInteger(limit) && limit > 0))
      throw new TypeError(`${name}: ${limit} is no limit; give a whole number above 0`)
  const isLimited = Object.keys(limits).length > 0
  return {
    name,
    queue: isLimited ? name : taskQueue(moduleOf(name)),
    schema,
    result,
    policy: { ...defaults, ...policy },
    limits,
  }
}

/**
 * Says who does a task, and when it runs by itself. What the handler returns is kept with the job, for {@link TaskQueue.waitForResult}. A thrown
 * error is tried again with growing pauses, unless its kind says that a repeat cannot help. Throws if the schedule cannot be used.
 *
 * @example
 * handle(countStones, () => store.stones.count(), { schedule: { cron: '17 3 * * *' } })
 */
export function handle<Schema extends z.ZodType, Result extends z.ZodType>(
  task: TaskDefinition<Schema, Result>,
  work: (payload: z.output<Schema>, run: TaskRun) => z.input<Result> | Promise<z.input<Result>>,
  { schedule }: HandleOptions = {},
): TaskHandler {
  if (schedule) assertSchedule(task, schedule)
  return {
    task,
    ...(schedule && { schedule }),
    run: async (payload, run) => work(payload as z.output<Schema>, run),
  }
}
