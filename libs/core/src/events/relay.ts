import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { CoreConfig } from '../config/index.ts'
import type { Component } from '../lifecycle/index.ts'
import type { Logger } from '../logging/index.ts'
import type { Queues } from '../queue/index.ts'
import { createOutageLog } from '../redis/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { createNotifications } from './notifications.ts'
import { outboxChannel } from './outbox-notifier.ts'
import { batchSize, relayBatch } from './relay-batch.ts'
import type { Subscriptions } from './subscriptions.ts'
import { createWakeUp } from './wake-up.ts'

export interface RelayDeps {
  config: Pick<CoreConfig, 'databaseDirectUrl'>
  pool: Pool
  queues: Queues
  subscriptions: Pick<Subscriptions, 'save'>
  log: Logger
  metrics: Pick<Metrics, 'outboxRelayedEvents'>
}

/** How long an event waits at most when its notification got lost. */
const pollMs = 1_000
const backoffMs = { first: 100, longest: 3_000 }
/** How long a stop waits for a batch that is under way. A batch that is cut off is rolled back by PostgreSQL. */
const stopMs = 2_000

/**
 * Carries events from the outbox to the listeners' queues. Any number may run side by side. While Redis is away nothing is marked and the
 * events wait in PostgreSQL.
 */
export function createRelay({
  config,
  pool,
  queues,
  subscriptions,
  log,
  metrics,
}: RelayDeps): Component {
  const outage = createOutageLog(log, 'the outbox relay')
  const wakeUp = createWakeUp()
  const notifications = createNotifications({
    connectionString: config.databaseDirectUrl,
    channel: outboxChannel,
    onNotification: wakeUp.call,
    log,
  })
  let stopping = false
  let running: Promise<void> = Promise.resolve()
  return { name: 'outbox relay', start, stop }

  function start(): void {
    notifications.start()
    running = relayUntilStopped()
  }

  async function stop(): Promise<void> {
    stopping = true
    wakeUp.call()
    await Promise.race([
      Promise.all([notifications.stop(), running]),
      sleep(stopMs, undefined, { ref: false }),
    ])
  }

  async function relayUntilStopped(): Promise<void> {
    let failures = 0
    while (!stopping)
      try {
        const relayed = await relayOnce()
        failures = 0
        outage.recovered()
        if (relayed < batchSize) await wakeUp.sleep(pollMs)
      } catch (error) {
        outage.failed(error)
        await pauseAfter(failures++)
      }
  }

  async function relayOnce(): Promise<number> {
    await subscriptions.save()
    // Asked first: taking 500 rows only to roll back costs PostgreSQL as much as relaying them.
    if (!queues.redis.isUp()) await queues.redis.ping()
    const relayed = await relayBatch({ pool, queues })
    metrics.outboxRelayedEvents.inc(relayed)
    return relayed
  }

  /** New events do not cut it short, but a stop does. */
  async function pauseAfter(failures: number): Promise<void> {
    const until = Date.now() + Math.min(backoffMs.first * 2 ** failures, backoffMs.longest)
    while (!stopping && Date.now() < until) await wakeUp.sleep(until - Date.now())
  }
}
