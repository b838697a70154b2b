import { SpanKind } from '@opentelemetry/api'
import type { z } from 'zod'
import { dependencyUnavailable } from '../errors/index.ts'
import { withDeadline } from '../redis/index.ts'
import { currentTraceContext, withSpan } from '../telemetry/index.ts'
import { moduleOf, taskQueue } from './names.ts'
import { checkPayload } from './payload.ts'
import type { Queues } from './queues.ts'
import { workerBackoff } from './retry.ts'
import type { TaskDefinition } from './task.ts'

export interface EnqueueOptions {
  /** Milliseconds to wait before the first attempt. */
  delay?: number
  /** 1 goes first; tasks without a priority go before all that have one. */
  priority?: number
  /** While a job with this id is known, another one with it is not added. No `:`, not a plain number. */
  jobId?: string
  /** In place of the task's own number of attempts. */
  attempts?: number
}

export interface TaskQueue {
  /**
   * Hands a task to the workers of its module and gives the job's id. Throws if the payload breaks the schema, or "temporarily
   * unavailable" without Redis; the job may then have been added all the same, so give a `jobId` where a second run would hurt.
   */
  enqueue<Schema extends z.ZodType>(
    task: TaskDefinition<Schema>,
    payload: z.input<Schema>,
    options?: EnqueueOptions,
  ): Promise<{ id: string }>
}

const deadlineMs = 1_000

export function createTaskQueue({ queues }: { queues: Queues }): TaskQueue {
  return { enqueue }

  async function enqueue(
    task: TaskDefinition,
    payload: unknown,
    { attempts = task.policy.attempts, ...options }: EnqueueOptions = {},
  ) {
    const data = checkPayload(task, payload)
    const queue = queues.get(taskQueue(moduleOf(task.name)))
    const job = await withSpan(`enqueue ${task.name}`, { kind: SpanKind.PRODUCER }, () => {
      const settings = { ...options, attempts, backoff: workerBackoff, ...traceOption() }
      return withDeadline(queue.add(task.name, data, settings), deadlineMs)
    }).catch((cause: unknown) => {
      throw dependencyUnavailable({ cause, retryAfterSeconds: 1 })
    })
    return { id: job.id ?? '' }
  }
}

/** Where BullMQ looks for the trace that the job continues. */
function traceOption() {
  const traceContext = currentTraceContext()
  return traceContext && { telemetry: { metadata: JSON.stringify(traceContext) } }
}
