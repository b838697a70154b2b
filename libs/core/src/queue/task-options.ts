import type { JobsOptions } from 'bullmq'
import { workerBackoff } from './retry.ts'
import type { TaskDefinition } from './task.ts'

/** What a single job may have of its own, now or in a transaction. */
export interface JobOptions {
  /** Milliseconds to wait before the first attempt. */
  delay?: number
  /** 1 goes first; tasks without a priority go before all that have one. At most 2,097,152. */
  priority?: number
  /** In place of the task's own number of attempts. */
  attempts?: number
  /** In place of the task's own pause after the first failure. */
  backoffMs?: number
}

const longestDelayMs = 366 * 86_400_000
const bounds: Record<keyof JobOptions, [min: number, max: number]> = {
  delay: [0, longestDelayMs],
  priority: [0, 2_097_152],
  attempts: [1, 1_000],
  backoffMs: [1, 3_600_000],
}

/** The options as BullMQ takes them. Throws where one is out of range, which is a defect of the caller. */
export function toBullOptions(
  { name, policy }: Pick<TaskDefinition, 'name' | 'policy'>,
  { delay, priority, attempts = policy.attempts, backoffMs }: JobOptions,
): JobsOptions {
  const given: JobOptions = { delay, priority, attempts, backoffMs }
  for (const option of Object.keys(bounds) as (keyof JobOptions)[]) {
    const [min, max] = bounds[option]
    const value = given[option]
    if (value !== undefined && !(Number.isInteger(value) && value >= min && value <= max))
      throw new TypeError(
        `${name}: ${option} is ${value}; give a whole number from ${min} to ${max}`,
      )
  }
  return {
    attempts,
    backoff: { ...workerBackoff, ...(backoffMs && { delay: backoffMs }) },
    ...(delay && { delay }),
    ...(priority && { priority }),
  }
}
