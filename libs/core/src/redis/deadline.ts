import { dependencyUnavailable } from '../errors/index.ts'

/**
 * The outcome of `work`, or "temporarily unavailable" after `ms` milliseconds. The work itself goes on: BullMQ waits without limit while
 * Redis is away and cannot be cancelled (https://github.com/taskforcesh/bullmq/issues/4656).
 */
export async function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const cause = new Error(`no answer within ${ms} ms`)
      reject(dependencyUnavailable({ retryAfterSeconds: 1, cause }))
    }, ms)
  })
  try {
    return await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}
