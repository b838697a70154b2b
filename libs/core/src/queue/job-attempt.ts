import { DelayedError, UnrecoverableError, type Job } from 'bullmq'
import { toDatabaseError } from '../db/index.ts'
import { defineError, isRetryable, isUnavailable } from '../errors/index.ts'
import { createOutageLog, type Logger } from '../logging/index.ts'
import { withDeadline } from '../redis/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { failureFrames, failureReason } from './failure-reason.ts'
import { firstStartOf } from './first-start.ts'
import type { RetryPolicy } from './retry.ts'
import { runWithin } from './run-within.ts'

/** One attempt at one job. */
export interface JobRun {
  id: string
  name: string
  data: unknown
  /** From 1. */
  attempt: number
  /** The name of its addition, where this is its first start and comes soon after. */
  firstStart: string | undefined
  /** Aborted when the process stops, or when the time of the job is over. */
  signal: AbortSignal
  log: Logger
  /** When its schedule wanted it; undefined for a job that no schedule made. */
  scheduledFor: Date | undefined
  /** Writes down how far it is. Never throws. */
  progress(value: number | object): Promise<void>
}

/** A queue that this process works off. */
export interface WorkedQueue {
  name: string
  /** Jobs that run at once in this process. */
  concurrency: number
  /** Jobs that begin within a time, over all processes. */
  rate?: { max: number; perMs: number } | undefined
  /** Undefined for a job that this version does not know; it then waits for a worker that does, for a week at most. */
  policyOf(job: Pick<Job, 'name' | 'data' | 'opts'>): RetryPolicy | undefined
  /**
   * Takes over an unknown job that is stored elsewhere too, so that it need not wait in the queue.
   * Returns false for any other.
   */
  leave?(run: JobRun): Promise<boolean>
  /** Decides before each job. One that may not run yet comes back soon, without a lost attempt. */
  mayRun?(): Promise<boolean>
  run(run: JobRun): Promise<unknown>
  /** Told before a job is given up. If it throws, the job is tried again. */
  giveUp?(run: JobRun, reason: string): Promise<void>
}

export interface JobAttemptDeps {
  queue: WorkedQueue
  /** Aborted when the process stops. */
  stopping: AbortSignal
  log: Logger
  metrics: Pick<Metrics, 'jobDuration'>
  /** The run of Redis that the jobs come from, if it is known. */
  redisRun: () => string | undefined
  /** How many deaths of workers a job survives. */
  mostDeaths?: number | undefined
  /** Sets the count of deaths back to 0. */
  forgetDeaths: (job: Job) => Promise<unknown>
}

type JobStatus = 'completed' | 'failed' | 'dead' | 'interrupted'

/** What the line of a job tells at its end. */
interface Outcome {
  status: JobStatus
  durationMs: number
}

/** A worker that knows the job comes with a deployment, soon or never. */
const unknownJob = { firstPauseMs: 5_000, longestPauseMs: 300_000, longestMs: 7 * 86_400_000 }
const interruptedPauseMs = 500
const notStartedPauseMs = 2_000
const progressDeadlineMs = 1_000

const killsWorkers = defineError({
  kind: 'invalid',
  code: 'job.kills_workers',
  title: 'Kills its workers',
  detail: 'Again and again the worker died, or stood still, while it ran this job.',
  help: 'Look for what ends the process: memory, an endless loop, an exit. Then retry the job.',
})

const nobodyKnows = defineError({
  kind: 'invalid',
  code: 'job.nobody_knows',
  title: 'Nobody knows the job',
  detail: 'For seven days no worker has known the task or the listener of this job.',
  help: 'Bring it back and retry the job, or remove the job.',
})

/** Thrown where the work itself has not begun: the job comes back soon, and no attempt is lost. */
export class JobNotStarted extends Error {}

/** Makes the function that BullMQ calls with each job of a queue. */
export function createJobAttempt({
  queue,
  stopping,
  log,
  metrics,
  redisRun,
  mostDeaths = 10,
  forgetDeaths,
}: JobAttemptDeps) {
  const unknownNames = new Set<string>()
  // Jobs meet an outage one after the other, and come back every few seconds.
  const outage = createOutageLog(log.child({ queue: queue.name }), 'running jobs')
  return attempt

  async function attempt(job: Job, token?: string): Promise<unknown> {
    const isLet = await mayRun()
    // BullMQ may have taken the job just before the stop.
    if (stopping.aborted) return postpone(job, token, interruptedPauseMs)
    const policy = queue.policyOf(job)
    if (!policy) return leave(job, token)
    if (job.stalledCounter > mostDeaths) return endKiller(job)
    return isLet ? runOnce(job, policy, token) : postpone(job, token, notStartedPauseMs)
  }

  async function runOnce(job: Job, policy: RetryPolicy, token?: string): Promise<unknown> {
    const run = describe(job)
    const end = startTimer(run)
    try {
      const result = await runWithin(policy.timeoutMs, stopping, (signal) =>
        queue.run({ ...run, signal }),
      )
      outage.recovered()
      run.log.info(end('completed'), 'a job is done')
      return result
    } catch (error) {
      if (error instanceof JobNotStarted) {
        const reason = failureReason(error.cause)
        outage.failed(reason)
        run.log.debug({ reason }, 'a job could not be started')
        return postpone(job, token, notStartedPauseMs)
      }
      const dead = !isRetryable(error) || run.attempt >= policy.attempts
      const interrupted = stopping.aborted && isAbort(error)
      if (!interrupted) return fail(run, error, end(dead ? 'dead' : 'failed'))
      run.log.info(end('interrupted'), 'a job is interrupted and will be tried again')
      return postpone(job, token, interruptedPauseMs)
    }
  }

  /** A retry begins to count anew. BullMQ would keep the count, and the retry would end at once. */
  async function endKiller(job: Job): Promise<never> {
    const run = describe(job)
    const end = startTimer(run)
    await forgetDeaths(job)
    return fail(run, killsWorkers(), end('dead'))
  }

  async function mayRun(): Promise<boolean> {
    try {
      return (await queue.mayRun?.()) ?? true
    } catch (error) {
      outage.failed(failureReason(error))
      return false
    }
  }

  async function leave(job: Job, token: string | undefined): Promise<unknown> {
    const run = describe(job)
    if (!unknownNames.has(job.name))
      log.warn(
        { queue: queue.name, job: job.name },
        'a job of another version waits for its worker',
      )
    unknownNames.add(job.name)
    try {
      if (await queue.leave?.(run)) return undefined
    } catch (error) {
      outage.failed(failureReason(error))
      return postpone(job, token, notStartedPauseMs)
    }
    if (isOverdue(job)) return fail(run, nobodyKnows(), startTimer(run)('dead'))
    const { firstPauseMs, longestPauseMs } = unknownJob
    return postpone(
      job,
      token,
      Math.min(firstPauseMs * 2 ** (job.attemptsStarted - 1), longestPauseMs),
    )
  }

  function startTimer({ name }: JobRun): (status: JobStatus) => Outcome {
    const startedAt = performance.now()
    const stopTimer = metrics.jobDuration.startTimer({ queue: queue.name, job: name })
    return (status) => {
      stopTimer({ outcome: status })
      return { status, durationMs: Math.round(performance.now() - startedAt) }
    }
  }

  function describe(job: Job): JobRun {
    const { name, id = '' } = job
    const attempt = job.attemptsMade + 1
    const childLog = log.child({ queue: queue.name, job: name, attempt })
    return {
      id,
      name,
      data: job.data as unknown,
      attempt,
      firstStart: firstStartOf(job, redisRun()),
      signal: stopping,
      log: childLog,
      scheduledFor: job.repeatJobKey ? new Date(job.opts.prevMillis ?? job.timestamp) : undefined,
      progress: (value) =>
        withDeadline(job.updateProgress(value), progressDeadlineMs).catch((error: unknown) =>
          childLog.debug({ reason: failureReason(error) }, 'progress cannot be written'),
        ),
    }
  }

  async function fail(run: JobRun, error: unknown, outcome: Outcome): Promise<never> {
    const reason = failureReason(error)
    if (outcome.status === 'failed') {
      const isOutage = isUnavailable(toDatabaseError(error))
      if (isOutage) outage.failed(reason)
      run.log[isOutage ? 'info' : 'warn'](
        { reason, ...outcome },
        'a job failed and will be tried again',
      )
      throw withoutValues(new Error(reason), error)
    }
    await queue.giveUp?.(run, reason).catch((cause: unknown) => {
      if (isUnavailable(toDatabaseError(cause))) outage.failed(failureReason(cause))
      else run.log.error({ err: cause }, 'a job cannot be given up now and will be tried again')
      throw new Error(reason)
    })
    run.log.error({ err: error, ...outcome }, 'a job failed for good')
    throw withoutValues(new UnrecoverableError(reason), error)
  }
}

/** Counted from when it should have begun first. */
const isOverdue = ({ timestamp, opts }: Job): boolean =>
  Date.now() - timestamp - (opts.delay ?? 0) > unknownJob.longestMs

/** Back to the queue without counting as an attempt. */
async function postpone(job: Job, token: string | undefined, ms: number): Promise<never> {
  await job.moveToDelayed(Date.now() + ms, token)
  throw new DelayedError()
}

/** BullMQ keeps message and stack with the job, where dashboards show them. */
function withoutValues(failure: Error, origin: unknown): Error {
  failure.stack = `${failure.message}\n${failureFrames(origin)}`
  return failure
}

const isAbort = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError'
