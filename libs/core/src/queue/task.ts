import type { z } from 'zod'
import type { Logger } from '../logging/index.ts'
import { assertQualifiedName } from './names.ts'
import type { RetryPolicy } from './retry.ts'

/** Work that is done later, by a worker. */
export interface TaskDefinition<Schema extends z.ZodType = z.ZodType> {
  name: string
  schema: Schema
  policy: RetryPolicy
}

/** `attempts` (default 5), `backoffMs` (default 1 s) and `timeoutMs` (default 10 minutes). */
export type TaskOptions = Partial<RetryPolicy>

/** What a handler is told about the run at hand. */
export interface TaskRun {
  /** The job's id, the same for each attempt. */
  id: string
  /** From 1. */
  attempt: number
  /** Aborted when the process stops or the task's time is over. */
  signal: AbortSignal
  log: Logger
}

/** When a task runs by itself: at the times of a cron expression (UTC unless a time zone is given), or every so many milliseconds. */
export type Schedule = ({ cron: string; timeZone?: string } | { everyMs: number }) & {
  /** Payload of each run; `{}` if unset. */
  payload?: unknown
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
 * Declares a task. The payload holds ids, never secrets or rows.
 *
 * @example
 * const sendReport = defineTask('reports.send-report', z.object({ reportId: z.int() }), { attempts: 3 })
 */
export function defineTask<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
  options: TaskOptions = {},
): TaskDefinition<Schema> {
  assertQualifiedName(name)
  return { name, schema, policy: { ...defaults, ...options } }
}

/**
 * Says who does a task, and when it runs by itself. What the handler returns is kept with the job. A thrown error is tried again with
 * growing pauses, unless its kind says that a repeat cannot help.
 *
 * @example
 * handle(purgeExpiredSessions, () => sessions.deleteExpired(), { schedule: { cron: '17 3 * * *' } })
 */
export function handle<Schema extends z.ZodType>(
  task: TaskDefinition<Schema>,
  work: (payload: z.output<Schema>, run: TaskRun) => unknown,
  { schedule }: HandleOptions = {},
): TaskHandler {
  if (schedule) task.schema.parse(schedule.payload ?? {})
  return {
    task,
    ...(schedule && { schedule }),
    run: async (payload, run) => work(payload as z.output<Schema>, run),
  }
}
