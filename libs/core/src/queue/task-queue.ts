import { randomUUID } from 'node:crypto'
import { SpanKind } from '@opentelemetry/api'
import type { Job, JobsOptions } from 'bullmq'
import type { z } from 'zod'
import type { CoreConfig } from '../config/index.ts'
import { AppError, dependencyUnavailable } from '../errors/index.ts'
import { withDeadline } from '../redis/index.ts'
import { currentTraceContext, withSpan } from '../telemetry/index.ts'
import { checkPayload } from './payload.ts'
import type { Queues } from './queues.ts'
import { toBullOptions, type JobOptions } from './task-options.ts'
import type { TaskDefinition } from './task.ts'
import { toTaskJob, type TaskJob } from './task-job.ts'
import { waitUntilEnded, type WaitOptions } from './wait-until-ended.ts'

export interface EnqueueOptions extends JobOptions {
  /**
   * Adds nothing while a job of this task with the same key waits or runs, and gives that one's id instead. With `withinMs`, adds nothing for
   * that long after the last was added, ended or not.
   */
  unique?: string | { key: string; withinMs: number }
  /**
   * The job's own id. While a job with it is known, another one is not added: completed jobs are known for up to a day, dead ones until they
   * are retried or removed. No `:`, not a plain number.
   */
  jobId?: string
}

export interface TaskQueue {
  /**
   * Hands a task to the workers and gives the job's id. Throws if the payload breaks the schema, or "temporarily unavailable" without
   * Redis; the job may then have been added all the same, so give `jobId` or `unique` where a second run would hurt. What must not be lost goes
   * through `store.tasks`.
   *
   * @example
   * const { id } = await core.tasks.enqueue(weighStone, { stoneId: 7 }, { delay: 60_000, unique: 'stone-7' })
   */
  enqueue<Schema extends z.ZodType, Result extends z.ZodType>(
    task: TaskDefinition<Schema, Result>,
    payload: z.input<Schema>,
    options?: EnqueueOptions,
  ): Promise<{ id: string }>

  /** How a job is getting on; null if it is unknown, which one that completed is after a day at most. */
  find<Schema extends z.ZodType, Result extends z.ZodType>(
    task: TaskDefinition<Schema, Result>,
    id: string,
  ): Promise<TaskJob<z.output<Result>> | null>

  /**
   * Gives what a job returned, as soon as it has ended. Throws `job.dead` if it failed for good, `job.unknown`, or `job.unfinished` after
   * `timeoutMs` (10 s); the job goes on then.
   *
   * @example
   * const { id } = await core.tasks.enqueue(countStones, {})
   * const total = await core.tasks.waitForResult(countStones, id, { timeoutMs: 5_000 })
   */
  waitForResult<Schema extends z.ZodType, Result extends z.ZodType>(
    task: TaskDefinition<Schema, Result>,
    id: string,
    options?: WaitOptions,
  ): Promise<z.output<Result>>
}

export interface TaskQueueDeps {
  config: Pick<CoreConfig, 'payloadLimit'>
  queues: Queues
}

const deadlineMs = 1_000

export function createTaskQueue({ config, queues }: TaskQueueDeps): TaskQueue {
  return { enqueue, find, waitForResult }

  async function enqueue(task: TaskDefinition, payload: unknown, options: EnqueueOptions = {}) {
    const data = checkPayload(task, payload, config.payloadLimit)
    const settings = { ...toBullOptions(task, options), ...identity(task, options) }
    const job = await withSpan(`enqueue ${task.name}`, { kind: SpanKind.PRODUCER }, () =>
      askRedis(queues.get(task.queue).add(task.name, data, { ...settings, ...traceOption() })),
    )
    return { id: job.id ?? '' }
  }

  async function find<Result extends z.ZodType>(
    task: TaskDefinition<z.ZodType, Result>,
    id: string,
  ): Promise<TaskJob<z.output<Result>> | null> {
    const queue = queues.get(task.queue)
    // In this order: a job that is read as completed has its result.
    const state = await askRedis(queue.getJobState(id))
    const job = (await askRedis(queue.getJob(id))) as Job | undefined
    return job?.name === task.name ? toTaskJob<z.output<Result>>(job, state) : null
  }

  function waitForResult<Result extends z.ZodType>(
    task: TaskDefinition<z.ZodType, Result>,
    id: string,
    options: WaitOptions = {},
  ): Promise<z.output<Result>> {
    return waitUntilEnded(() => find(task, id), options)
  }
}

/** A key counts within its task, also where tasks share a queue. */
function identity(
  { name }: TaskDefinition,
  { unique, jobId = randomUUID() }: EnqueueOptions,
): Pick<JobsOptions, 'jobId' | 'deduplication'> {
  const { key, withinMs } = typeof unique === 'object' ? unique : { key: unique }
  return {
    // Never one of BullMQ's: the client sends a command again when the connection broke before its answer, and a second id would be a second job.
    jobId,
    ...(key && { deduplication: { id: `${name}.${key}`, ...(withinMs && { ttl: withinMs }) } }),
  }
}

function askRedis<T>(work: Promise<T>): Promise<T> {
  return withDeadline(work, deadlineMs).catch((cause: unknown) => {
    throw cause instanceof AppError ? cause : dependencyUnavailable({ cause, retryAfterSeconds: 1 })
  })
}

/** Where BullMQ looks for the trace that the job continues. */
function traceOption() {
  const traceContext = currentTraceContext()
  return traceContext && { telemetry: { metadata: JSON.stringify(traceContext) } }
}
