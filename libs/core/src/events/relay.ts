import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { CoreConfig } from '../config/index.ts'
import type { Component } from '../lifecycle/index.ts'
import { createOutageLog, type Logger } from '../logging/index.ts'
import type { Queues } from '../queue/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { handOverAllDue, handOverDue } from './due-deliveries.ts'
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
  metrics: Pick<Metrics, 'outboxRelayedEvents' | 'outboxRelayLag'>
  /** How long an event waits at most when its notification got lost, and how often all of the outbox is looked through; 1 s if unset. */
  pollMs?: number
}

/**
 * Between two looks at everything, a relay begins this many events below the last one that it took: while an old transaction is open PostgreSQL
 * cannot forget the index entries of published events, and would read all of them each time. Who commits later than so many others waits for
 * the next look at everything.
 */
const margin = 2_000
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
  pollMs = 1_000,
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
  let lastTaken = 0
  let lookedAtAll = -Infinity
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
        const isMore = await relayOnce()
        failures = 0
        outage.recovered()
        if (!isMore) await wakeUp.sleep(pollMs)
      } catch (error) {
        outage.failed(error)
        await pauseAfter(failures++)
      }
  }

  /** True if there may be more to do at once. */
  async function relayOnce(): Promise<boolean> {
    await subscriptions.save()
    // Asked first: taking 500 rows only to roll back costs PostgreSQL as much as relaying them.
    if (!queues.redis.isUp()) await queues.redis.ping()
    const isLookAtAll = performance.now() - lookedAtAll >= pollMs
    if (isLookAtAll) lookedAtAll = performance.now()
    const batch = await relayBatch({ pool, queues }, isLookAtAll ? 0 : lastTaken - margin)
    lastTaken = Math.max(lastTaken, batch.last)
    metrics.outboxRelayedEvents.inc(batch.events)
    for (const lag of batch.lags) metrics.outboxRelayLag.observe(lag)
    if (isLookAtAll) await handOverAllDue({ pool, queues })
    else if (batch.turns.length > 0) await handOverDue({ pool, queues }, batch.turns)
    return batch.events === batchSize
  }

  /** New events do not cut it short, but a stop does. */
  async function pauseAfter(failures: number): Promise<void> {
    const until = Date.now() + Math.min(backoffMs.first * 2 ** failures, backoffMs.longest)
    while (!stopping && Date.now() < until) await wakeUp.sleep(until - Date.now())
  }
}
