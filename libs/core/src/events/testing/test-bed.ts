import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { Counter, Histogram } from 'prom-client'
import { cloneTestDatabase } from '../../../testing/database.ts'
import { createDatabase } from '../../db/index.ts'
import type { Component } from '../../lifecycle/index.ts'
import { createQueues } from '../../queue/index.ts'
import { bullPrefix } from '../../redis/index.ts'
import { createListenerWorkers, type ListenerWorkersDeps } from '../listener-workers.ts'
import type { Listener } from '../listener.ts'
import { createOutbox, type Outbox } from '../outbox.ts'
import { createOutboxNotifier } from '../outbox-notifier.ts'
import { createRelay, type RelayDeps } from '../relay.ts'
import { createSubscriptions } from '../subscriptions.ts'
import { createSweep } from '../sweep.ts'

export type TestBed = Awaited<ReturnType<typeof createTestBed>>

interface DeliveryRow {
  event_id: string
  listener_id: string
  finished_at: Date | null
  dead_at: Date | null
  error: string | null
}

/** Outbox, relay and workers on a database of their own and a Redis that other tests use too, under another prefix. */
export async function createTestBed({
  redisUrl = process.env['REDIS_URL'] ?? '',
  tracing = false,
} = {}) {
  const testDatabase = await cloneTestDatabase(
    process.env['DATABASE_URL'] ?? '',
    process.env['JEST_WORKER_ID'] ?? '1',
  )
  const config = {
    appEnv: 'testing' as const,
    appName: `test ${randomBytes(4).toString('hex')}`,
    databaseUrl: testDatabase.url,
    databaseDirectUrl: testDatabase.url,
    databasePooler: false,
    databasePoolSize: 8,
    redisUrl,
    tracing,
    payloadLimit: 65_536,
  }
  const log = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' })
  const database = createDatabase({ config, log })
  const { pool } = database
  const queues = createQueues({ config, log })
  const notifier = createOutboxNotifier({ config, log })
  const registers = { registers: [], help: '-' }
  const metrics = {
    jobDuration: new Histogram({
      name: 'job_duration_seconds',
      labelNames: ['queue', 'job', 'outcome'],
      ...registers,
    }),
    outboxRelayedEvents: new Counter({ name: 'outbox_relayed_events_total', ...registers }),
    outboxRelayLag: new Histogram({ name: 'outbox_relay_lag_seconds', ...registers }),
  }
  const started: Component[] = []
  await Promise.all([queues.start(), database.start()])
  return {
    config,
    log,
    database,
    metrics,
    queues,
    notifier,
    publish,
    declare,
    deliveries,
    relay,
    workers,
    sweep,
    start,
    stop,
    stopAll,
    emptyRedis,
  }

  async function publish(...args: Parameters<Outbox['publish']>): Promise<void> {
    await createOutbox(database.client, config).publish(...args)
    notifier.wake()
  }

  async function deliveries(): Promise<DeliveryRow[]> {
    const { rows } = await pool.query<DeliveryRow>('SELECT * FROM event_delivery ORDER BY 1, 2')
    return rows
  }

  function declare(listeners: readonly Listener[]): Promise<void> {
    return createSubscriptions({ pool, listeners, log }).save()
  }

  function relay(
    listeners: readonly Listener[],
    options: Pick<RelayDeps, 'pollMs'> = {},
  ): Component {
    const subscriptions = createSubscriptions({ pool, listeners, log })
    return createRelay({ config, pool, queues, subscriptions, log, metrics, ...options })
  }

  function workers(
    listeners: readonly Listener[],
    options: Pick<ListenerWorkersDeps, 'timing'> = {},
  ): Component {
    return createListenerWorkers({ config, pool, queues, listeners, log, metrics, ...options })
  }

  function sweep(): Component {
    return createSweep({ pool, queues, log, everyMs: 100, graceMs: 0 })
  }

  async function start(...components: Component[]): Promise<void> {
    for (const component of components) {
      started.unshift(component)
      await component.start?.()
    }
  }

  async function stop(component: Component): Promise<void> {
    started.splice(started.indexOf(component), 1)
    await component.stop?.(AbortSignal.timeout(5_000))
  }

  /** As after FLUSHALL, but for this test alone. */
  async function emptyRedis(): Promise<void> {
    const { client } = queues.redis
    const keys = await client.keys(`${bullPrefix(config)}:*`)
    if (keys.length > 0) await client.del(...keys)
  }

  async function stopAll(): Promise<void> {
    for (const component of started) await component.stop?.(AbortSignal.timeout(5_000))
    await queues.stop()
    await notifier.stop()
    await database.close()
    await testDatabase.drop()
  }
}
