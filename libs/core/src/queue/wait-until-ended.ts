import { setTimeout as sleep } from 'node:timers/promises'
import { jobDead, jobUnfinished, jobUnknown } from '../errors/index.ts'
import type { TaskJob } from './task-job.ts'

export interface WaitOptions {
  /** 10 s if unset. */
  timeoutMs?: number
  signal?: AbortSignal
}

const pauseMs = { first: 10, longest: 500 }

/**
 * Asks with growing pauses. BullMQ could tell by an event, at the price of a connection for each queue that is waited on, and a wait for ever while
 * Redis is away.
 */
export async function waitUntilEnded<Result>(
  find: () => Promise<TaskJob<Result> | null>,
  { timeoutMs = 10_000, signal }: WaitOptions,
): Promise<Result> {
  const until = performance.now() + timeoutMs
  let pause = pauseMs.first
  for (;;) {
    const job = await find()
    if (!job) throw jobUnknown()
    if (job.state === 'completed') return job.result as Result
    if (job.state === 'dead') throw jobDead({ cause: new Error(job.reason) })
    const left = until - performance.now()
    if (left <= 0) throw jobUnfinished({ retryAfterSeconds: 1 })
    await sleep(Math.min(pause, left), undefined, { ...(signal && { signal }) })
    pause = Math.min(pause * 1.5, pauseMs.longest)
  }
}
