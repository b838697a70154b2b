/** How often a job is tried, and how long one try may take. */
export interface RetryPolicy {
  attempts: number
  /** Pause after the first failure in milliseconds; it doubles with each further one, up to an hour, give or take a quarter. */
  backoffMs: number
  timeoutMs: number
}

const longestPauseMs = 3_600_000

/** The pause before the next attempt. Scattered, so that jobs that failed together do not come back together. */
export function retryDelay({ backoffMs }: Pick<RetryPolicy, 'backoffMs'>, attemptsMade: number) {
  const pause = Math.min(backoffMs * 2 ** (attemptsMade - 1), longestPauseMs)
  return Math.round(pause * (0.75 + Math.random() / 2))
}

/** What BullMQ is told: the worker computes the pause, see {@link retryDelay}. */
export const workerBackoff = { type: 'worker' } as const
