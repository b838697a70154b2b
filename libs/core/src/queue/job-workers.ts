import { setTimeout as sleep } from 'node:timers/promises'
import { Worker, type Job, type JobsOptions } from 'bullmq'
import type { CoreConfig } from '../config/index.ts'
import type { Component } from '../lifecycle/index.ts'
import { createOutageLog, requestContext, type Logger, type OutageLog } from '../logging/index.ts'
import { bullConnection, bullPrefix, followRedisRun } from '../redis/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { repeatStrategy } from './cron-times.ts'
import { createJobAttempt, type JobAttemptDeps, type WorkedQueue } from './job-attempt.ts'
import { retryDelay } from './retry.ts'
import { bullTelemetry } from './tracing.ts'

export interface JobWorkersDeps {
  config: Pick<CoreConfig, 'redisUrl' | 'appName' | 'tracing'>
  log: Logger
  metrics: Pick<Metrics, 'jobDuration'>
  name: string
  queues: readonly WorkedQueue[]
  /** How many jobs of a queue are dead. Unset where it is also written down elsewhere that they are. */
  countDead?(queue: string): Promise<number>
  /** How many dead jobs of a queue are kept; 10,000 if unset. */
  mostDead?: number
  /** How many deaths of workers a job survives; 10 if unset. */
  mostDeaths?: number
  /** After how long the jobs of a worker that died are taken over; for tests. */
  timing?: { lockDuration: number; stalledInterval: number }
}

// The jobs of a worker that died are taken over after the lock and at most two checks: 40 s.
const takeOver = { lockDuration: 20_000, stalledInterval: 10_000 }
/**
 * BullMQ gives up no job for the deaths of its workers: it spares those that a schedule made, and
 * what it gives up cannot be retried.
 */
const maxStalledCount = Number.MAX_SAFE_INTEGER
/** Both bounds hold; ages are in seconds. */
const removeOnComplete = { count: 1_000, age: 86_400 }
const deadSeconds = 30 * 86_400
const firstPauseMs = 1_000
/** How long BullMQ may take to write down the last results. Without Redis it would wait for ever. */
const closingMs = 1_500

export interface JobWorkers extends Component {
  /** Works off one more queue, until the stop. */
  add(queue: WorkedQueue): void
  start(): void
  drain(): void
  stop(signal: AbortSignal): Promise<void>
}

/** Runs jobs: retries with growing pauses, gives up where a repeat cannot help, and lets running ones end when the process stops. */
export function createJobWorkers(deps: JobWorkersDeps): JobWorkers {
  const { config, log, metrics, name, queues, timing = takeOver, mostDead = 10_000 } = deps
  const stopping = new AbortController()
  const running = new Set<Promise<unknown>>()
  const workers: Worker[] = []
  let closing: Promise<unknown> | undefined
  return { name, add, start, drain, stop }

  function start(): void {
    queues.forEach(add)
  }

  function add(queue: WorkedQueue): void {
    if (!stopping.signal.aborted) workers.push(open(queue))
  }

  function drain(): void {
    stopping.abort(new DOMException('The process stops.', 'AbortError'))
    closing ??= Promise.allSettled(workers.map((worker) => worker.close()))
  }

  async function stop(signal: AbortSignal): Promise<void> {
    drain()
    const settled = new AbortController()
    void closing?.then(() => settled.abort())
    await Promise.race([Promise.allSettled(running), aborted(signal)])
    await sleep(closingMs, undefined, {
      signal: AbortSignal.any([signal, settled.signal]),
    }).catch(() => {})
    for (const worker of workers) void worker.disconnect().catch(() => {})
  }

  function open(queue: WorkedQueue): Worker {
    const outage = createOutageLog(log.child({ queue: queue.name }), 'taking jobs')
    let redisRun = (): string | undefined => undefined
    const attempt = track(queue, {
      redisRun: () => redisRun(),
      forgetDeaths: async ({ id = '' }) =>
        (await worker.backend.client).hdel(worker.toKey(id), 'stc'),
    })
    const worker: Worker = new Worker(queue.name, attempt, {
      connection: bullConnection(config),
      prefix: bullPrefix(config),
      concurrency: queue.concurrency,
      removeOnComplete,
      // Not by age alone: a fault that kills each job would fill Redis, and with it everything stops. So the oldest make way, and the log says so.
      removeOnFail: { count: mostDead, age: deadSeconds },
      ...(queue.rate && { limiter: { max: queue.rate.max, duration: queue.rate.perMs } }),
      maxStalledCount,
      ...timing,
      ...bullTelemetry(config),
      settings: {
        repeatStrategy,
        backoffStrategy: (attemptsMade, _type, _error, job) =>
          retryDelay(
            pauseOf(job) ?? (job && queue.policyOf(job)) ?? { backoffMs: firstPauseMs },
            attemptsMade ?? 1,
          ),
      },
    })
    void worker.backend.client.then(
      (client) => (redisRun = followRedisRun(client)),
      () => {},
    )
    worker.on('error', (error) => outage.failed(error))
    worker.on('active', () => outage.recovered())
    const dropping = createOutageLog(log.child({ queue: queue.name }), 'keeping all dead jobs')
    worker.on('failed', (job) => {
      if (job?.finishedOn) void tellDropped(queue.name, dropping)
    })
    return worker
  }

  /** BullMQ drops them without a word. */
  async function tellDropped(queue: string, dropping: OutageLog): Promise<void> {
    const dead = await deps.countDead?.(queue).catch(() => undefined)
    if (dead !== undefined && dead >= mostDead)
      dropping.failed(new Error(`${mostDead} are kept, and the oldest make way`))
  }

  function track(queue: WorkedQueue, own: Pick<JobAttemptDeps, 'redisRun' | 'forgetDeaths'>) {
    const attempt = createJobAttempt({
      queue,
      stopping: stopping.signal,
      log,
      metrics,
      mostDeaths: deps.mostDeaths,
      ...own,
    })
    return (job: Job, token?: string) => {
      const work = requestContext.run({ jobId: job.id ?? '' }, () => attempt(job, token))
      running.add(work)
      return work.finally(() => running.delete(work))
    }
  }
}

/** What was asked for when the job was added, in place of the pause that its task has. */
function pauseOf(job: { opts: JobsOptions } | undefined): { backoffMs: number } | undefined {
  const backoff = job?.opts.backoff
  return typeof backoff === 'object' && backoff.delay ? { backoffMs: backoff.delay } : undefined
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
