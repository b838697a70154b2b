import type { CoreConfig } from '../config/index.ts'
import { createDatabase, type Database } from '../db/index.ts'
import { createOutboxNotifier, type OutboxNotifier } from '../events/index.ts'
import { createLifecycle, type Lifecycle } from '../lifecycle/index.ts'
import { createLogger, type Logger } from '../logging/index.ts'
import { createMailer, type Mailer } from '../mail/index.ts'
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

/** Nothing is connected here: the database on its first query, the mail server on its first mail. */
export function createCore({
  process,
  config,
  clock = systemClock,
  log = createLogger({ name: process, config }),
}: CoreDeps): Core {
  const metrics = createMetrics({ process })
  const database = createDatabase({ config, log })
  const mailer = createMailer({ config, log, metrics })
  const lifecycle = createLifecycle({ log, graceMs: config.shutdownGraceMs })
  lifecycle.add({ name: 'database', stop: () => database.close() })
  lifecycle.add({ name: 'mailer', stop: () => mailer.close() })
  return {
    config,
    log,
    clock,
    metrics,
    database,
    outboxNotifier: createOutboxNotifier({ pool: database.pool, log }),
    mailer,
    lifecycle,
  }
}
