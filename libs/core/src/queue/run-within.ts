import { defineError } from '../errors/index.ts'

const jobTimeout = defineError({
  kind: 'timeout',
  code: 'job.timeout',
  title: 'Job took too long',
  detail: 'The job did not end within its time.',
  help: 'Give the task or the listener a longer timeoutMs, or less to do at once.',
})

/**
 * Runs `work` with a signal that follows `outer` and the time limit. A work that ignores its signal is left behind when the time is
 * over: it may still end, but its job counts as failed.
 */
export async function runWithin<T>(
  ms: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const time = new AbortController()
  let expire: (error: Error) => void = () => {}
  const expired = new Promise<never>((_, reject) => (expire = reject))
  const timer = setTimeout(() => {
    const error = jobTimeout()
    time.abort(error)
    expire(error)
  }, ms)
  try {
    return await Promise.race([work(AbortSignal.any([outer, time.signal])), expired])
  } finally {
    clearTimeout(timer)
  }
}
