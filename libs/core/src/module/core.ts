import { createCache, type Cache } from '../cache/index.ts'
import type { CoreConfig } from '../config/index.ts'
import { createDatabase, type Database } from '../db/index.ts'
import { createOutboxNotifier, type OutboxNotifier } from '../events/index.ts'
import { createLifecycle, type Lifecycle } from '../lifecycle/index.ts'
import { createLogger, type Logger } from '../logging/index.ts'
import { createMailer, type Mailer } from '../mail/index.ts'
import { createQueues, createTaskQueue, type Queues, type TaskQueue } from '../queue/index.ts'
import { createRedis, type RedisConnection } from '../redis/index.ts'
import { createRateLimits, type RateLimits } from '../rate-limit/index.ts'
import { createMetrics, type Metrics } from '../telemetry/index.ts'

/** A source of time, so that tests can set it. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

/** The platform that every process builds first and every module stands on. */
export interface Core {
  config: CoreConfig
  log: Logger
  clock: Clock
  metrics: Metrics
  database: Database
  outboxNotifier: OutboxNotifier
  /** For what a request waits for: it fails at once while Redis is away. */
  redis: RedisConnection
  /** Keeps for all processes what is expensive to make. */
  cache: Cache
  /** Counts who asks how often. */
  rateLimits: RateLimits
  /** The producing side of every queue. */
  queues: Queues
  /** Hands tasks to the workers. */
  tasks: TaskQueue
  mailer: Mailer
  lifecycle: Lifecycle
}

export interface CoreDeps {
  /** Name of the process: `api`, `worker`, `scheduler`, `admin-dashboard`. */
  process: string
  config: CoreConfig
  clock?: Clock
  log?: Logger
}

/**
 * Nothing is connected here: the database and Redis at the start, the mail server on its first
 * mail.
 */
export function createCore({
  process,
  config,
  clock = systemClock,
  log = createLogger({ name: process, config }),
}: CoreDeps): Core {
  const metrics = createMetrics({ process })
  const database = createDatabase({ config, log })
  const redis = createRedis({ config, log, metrics })
  const cache = createCache({ config, redis, log, metrics })
  const rateLimits = createRateLimits({ config, redis, log, metrics })
  const queues = createQueues({ config, log })
  const outboxNotifier = createOutboxNotifier({ config, log })
  const mailer = createMailer({ config, log, metrics })
  const lifecycle = createLifecycle({ log, graceMs: config.shutdownGraceMs })
  lifecycle.add({
    name: 'database',
    start: () => database.start(),
    stop: () => database.close(),
  })
  lifecycle.add(outboxNotifier)
  lifecycle.add(redis)
  lifecycle.add(rateLimits)
  lifecycle.add(cache)
  lifecycle.add(queues)
  lifecycle.add({ name: 'mailer', stop: () => mailer.close() })
  return {
    config,
    log,
    clock,
    metrics,
    database,
    outboxNotifier,
    redis,
    cache,
    rateLimits,
    queues,
    tasks: createTaskQueue({ config, queues }),
    mailer,
    lifecycle,
  }
}
