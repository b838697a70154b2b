import type { Pool } from 'pg'
import type { CoreConfig } from '../config/index.ts'
import type { Component } from '../lifecycle/index.ts'
import type { Logger } from '../logging/index.ts'
import type { Queues } from '../queue/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { createCountedRows, type Taken, type Taking } from './counted-rows.ts'
import { dueRows, handOverDue } from './due-deliveries.ts'
import { createNotifications } from './notifications.ts'
import { outboxChannel } from './outbox-notifier.ts'
import { relayBatch, unpublishedEvents } from './relay-batch.ts'
import type { Subscriptions } from './subscriptions.ts'
import { createWorkLoop } from './work-loop.ts'

export interface RelayDeps {
  config: Pick<CoreConfig, 'databaseDirectUrl'>
  pool: Pool
  queues: Queues
  subscriptions: Pick<Subscriptions, 'save' | 'release'>
  log: Logger
  metrics: Pick<Metrics, 'outboxRelayedEvents' | 'outboxRelayLag'>
  /** How long an event waits at most when its notification got lost; 1 s if unset. */
  pollMs?: number
}

const longestLeaveMs = 64

/**
 * Carries events from the outbox to the listeners' queues, and deliveries whose turn comes later.
 * Any number may run side by side. While Redis is away nothing is marked and all of it waits in
 * PostgreSQL.
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
  const due = createCountedRows({
    what: 'handing over what is due',
    rows: dueRows,
    pool,
    take: (taking) => handOverDue({ pool, queues }, taking),
    ready: waitForRedis,
    pollMs,
    log,
  })
  const events = createCountedRows({
    what: 'the outbox relay',
    rows: unpublishedEvents,
    pool,
    take: relayEvents,
    ready: async () => {
      await subscriptions.save()
      await waitForRedis()
    },
    pollMs,
    log,
  })
  const releasing = createWorkLoop({
    what: 'releasing what was held',
    work: async () => {
      await subscriptions.release()
      return pollMs
    },
    log,
  })
  const notifications = createNotifications({
    connectionString: config.databaseDirectUrl,
    channel: outboxChannel,
    onNotification: hear,
    log,
  })
  /**
   * Looks in a row that a notification led to and that found nothing: others take what it tells.
   */
  let emptyHanded = 0
  let wasWoken = false
  let hearing: NodeJS.Timeout | undefined
  return { name: 'outbox relay', start, drain, stop }

  function start(): void {
    notifications.start()
    events.start()
    due.start()
    releasing.start()
  }

  function drain(): void {
    for (const each of [events, due, releasing]) each.drain()
  }

  async function stop(): Promise<void> {
    clearTimeout(hearing)
    await Promise.all([notifications.stop(), events.stop(), due.stop(), releasing.stop()])
  }

  /** A relay that came away empty-handed leaves the next ones to others for a moment. */
  function hear(): void {
    if (emptyHanded < 2) return wake()
    hearing ??= setTimeout(wake, Math.random() * Math.min(2 ** emptyHanded, longestLeaveMs))
  }

  function wake(): void {
    hearing = undefined
    wasWoken = true
    events.wake()
  }

  async function relayEvents(taking: Taking): Promise<Taken> {
    const isWoken = wasWoken
    wasWoken = false
    const batch = await relayBatch({ pool, queues }, taking)
    if (batch.count > 0) emptyHanded = 0
    else if (isWoken) emptyHanded += 1
    metrics.outboxRelayedEvents.inc(batch.count)
    for (const lag of batch.lags) metrics.outboxRelayLag.observe(lag)
    if (batch.hasDue) due.wake()
    return batch
  }

  /** Asked first: taking 500 rows only to roll back costs PostgreSQL as much as relaying them. */
  async function waitForRedis(): Promise<void> {
    if (!queues.redis.isUp()) await queues.redis.ping()
  }
}
