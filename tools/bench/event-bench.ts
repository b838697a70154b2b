import { setTimeout as sleep } from 'node:timers/promises'
import {
  createListenerWorkers,
  createRelay,
  createSubscriptions,
  defineEvent,
  on,
  pruneEvents,
} from '@ashlar/core/events'
import type { Component } from '@ashlar/core/lifecycle'
import type { Core } from '@ashlar/core/module'
import { createStore } from '@ashlar/core/store'
import { eventually } from '@ashlar/core/testing'
import { z } from 'zod'
import { lagOf } from './report.ts'
import { writeRows } from './write-rows.ts'

const stepped = defineEvent('bench.stepped', z.object({ step: z.int() }))
const ratePerSecond = 100
const longestMs = 300_000

/** The way of an event from the outbox to a listener that does nothing, on the database and the queues of `core`. */
export function createEventBench(core: Core) {
  const { config, database, queues, log, metrics } = core
  const { pool } = database
  const arrivals = new Map<number, number>()
  const listeners = [
    on(stepped, 'bench.count', ({ step }) => void arrivals.set(step, performance.now())),
  ]
  return { handOver, workOff, measureLag, keepPublished, prune }

  async function handOver(count: number): Promise<number> {
    await createSubscriptions({ pool, listeners, log }).save()
    return measureBacklog(count, [relay()], async () => {
      const { rows } = await pool.query(
        'SELECT FROM outbox_event WHERE published_at IS NULL LIMIT 1',
      )
      return rows.length === 0
    })
  }

  async function workOff(count: number): Promise<number> {
    const isDone = async () => arrivals.size === count && (await countOwed()) === 0
    return measureBacklog(count, [relay(), workers()], isDone)
  }

  async function measureBacklog(
    count: number,
    components: Component[],
    isDone: () => Promise<boolean>,
  ): Promise<number> {
    await reset()
    await writeEvents(count, 'NULL')
    const startedAt = performance.now()
    for (const component of components) await component.start?.()
    await eventually(isDone, longestMs)
    const seconds = (performance.now() - startedAt) / 1_000
    for (const component of components) await component.stop?.(AbortSignal.timeout(5_000))
    return Math.round(count / seconds)
  }

  async function measureLag(count: number): Promise<{ p50: number; p99: number }> {
    await reset()
    const components = [relay(), workers()]
    for (const component of components) await component.start?.()
    const store = createStore(core, () => ({}))
    const published: number[] = []
    for (let step = 0; step < count; step++) {
      await sleep(1_000 / ratePerSecond)
      await store.events.publish(stepped, { step })
      published[step] = performance.now()
    }
    await eventually(() => arrivals.size === count, longestMs)
    for (const component of components) await component.stop?.(AbortSignal.timeout(5_000))
    return lagOf(published, arrivals)
  }

  function relay(): Component {
    const subscriptions = createSubscriptions({ pool, listeners, log })
    return createRelay({ config, pool, queues, subscriptions, log, metrics })
  }

  function workers(): Component {
    return createListenerWorkers({
      config,
      pool,
      queues,
      listeners,
      log,
      metrics,
      concurrency: 50,
    })
  }

  async function countOwed(): Promise<number> {
    const { rows } = await pool.query<{ owed: number }>(
      'SELECT count(*)::int AS owed FROM event_delivery WHERE finished_at IS NULL',
    )
    return rows[0]?.owed ?? 0
  }

  /** As if so many events had been published long ago, and were kept. */
  async function keepPublished(count: number): Promise<void> {
    await writeEvents(count, 'now()')
  }

  /** Events a second that are deleted of so many, each with a delivery. */
  async function prune(count: number): Promise<number> {
    await pool.query('TRUNCATE outbox_event, event_delivery')
    await writeRows(config.databaseUrl, {
      insert: `WITH e AS (
          INSERT INTO outbox_event (id, name, payload, published_at)
          SELECT ('019a0000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, $1, '{"step":1}', now()
          FROM generate_series(1, $2::int) n RETURNING id)
        INSERT INTO event_delivery (event_id, listener_id, queue, finished_at)
        SELECT id, 'bench.count', 'bench.events', now() FROM e`,
      values: [stepped.name, count],
      table: 'outbox_event, event_delivery',
    })
    const startedAt = performance.now()
    await pruneEvents(pool, 0)
    return Math.round(count / ((performance.now() - startedAt) / 1_000))
  }

  async function writeEvents(count: number, publishedAt: 'now()' | 'NULL'): Promise<void> {
    await writeRows(config.databaseUrl, {
      insert: `INSERT INTO outbox_event (id, name, payload, published_at)
        SELECT gen_random_uuid(), $1, jsonb_build_object('step', n), ${publishedAt} FROM generate_series(1, $2::int) n`,
      values: [stepped.name, count],
      table: 'outbox_event',
    })
  }

  async function reset(): Promise<void> {
    arrivals.clear()
    await pool.query('TRUNCATE event_delivery')
    await pool.query('DELETE FROM outbox_event WHERE published_at IS NULL')
    await queues.get('bench.events').obliterate({ force: true })
  }
}
