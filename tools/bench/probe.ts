import { setTimeout as sleep } from 'node:timers/promises'
import {
  createListenerWorkers,
  createRelay,
  createSubscriptions,
  defineEvent,
  on,
} from '@ashlar/core/events'
import type { Core } from '@ashlar/core/module'
import { createStore } from '@ashlar/core/store'
import { eventually } from '@ashlar/core/testing'
import type { Client } from 'pg'
import { z } from 'zod'
import { lagOf } from './report.ts'

const probed = defineEvent('other.probed', z.object({ step: z.int() }))
const moved = defineEvent('bench.moved', z.object({ step: z.int() }), { key: () => 'any' })
const probes = 400
const everyMs = 50
const tables = ['outbox_event', 'event_delivery', 'event_due', 'event_subscription']

export type Probe = Awaited<ReturnType<typeof createProbe>>

/**
 * A relay, workers, and events that are looked for while others weigh on the same tables. These
 * have the statistics of their beginning, as they nearly always do in a burst. `connect` makes a
 * connection without the time limits that the pool has. The probes have a module of their own, and
 * so a queue: those of one queue go in the order in which they came.
 */
export async function createProbe(core: Core, connect: () => Client) {
  const { config, database, queues, log, metrics } = core
  const { pool } = database
  const arrivals = new Map<number, number>()
  const listeners = [
    on(probed, 'other.probe', ({ step }) => void arrivals.set(step, performance.now())),
    on(moved, 'bench.move', () => {}, { ordered: true }),
  ]
  const subscriptions = createSubscriptions({ pool, listeners, log })
  const deps = { config, pool, queues, log, metrics }
  const components = [
    createRelay({ ...deps, subscriptions }),
    createListenerWorkers({ ...deps, listeners, concurrency: 50 }),
  ]
  for (const table of tables)
    await pool.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`)
  await pool.query(`ANALYZE ${tables.join(', ')}`)
  return { pool, start, stop, measureLag, write, writeEvents, writeDeliveries, openSnapshot, dump }

  async function start(): Promise<void> {
    for (const component of components) await component.start?.()
  }

  async function stop(): Promise<void> {
    for (const component of components) component.drain?.()
    for (const component of components) await component.stop?.(AbortSignal.timeout(5_000))
  }

  /** Milliseconds from the end of a publish to the listener. */
  async function measureLag(): Promise<{ p50: number; p99: number }> {
    const store = createStore(core, () => ({}))
    const published: number[] = []
    for (let step = 0; step < probes; step++) {
      await sleep(everyMs)
      await store.events.publish(probed, { step })
      published[step] = performance.now()
    }
    await eventually(() => arrivals.size === probes, 300_000)
    return lagOf(published, arrivals)
  }

  async function write(sql: string): Promise<void> {
    await onConnection((client) => client.query(sql))
  }

  /** Unpublished events of {@link moved}. */
  function writeEvents(count: number, { keys = 0 } = {}): Promise<void> {
    return write(`INSERT INTO outbox_event (id, name, payload, key)
      SELECT gen_random_uuid(), 'bench.moved', '{"step":1}', ${keys ? `(n % ${keys})::text` : 'NULL'}
      FROM generate_series(1, ${count}) n`)
  }

  /** Their deliveries, as they wait for their turn after the events were published. */
  async function writeDeliveries(count: number, { keys = 0 } = {}): Promise<void> {
    await writeEvents(count, { keys })
    await write('UPDATE outbox_event SET published_at = now()')
    await write(`INSERT INTO event_delivery (event_id, listener_id, queue, order_key, sequence)
      SELECT id, 'bench.move', 'bench.events', key, CASE WHEN key IS NOT NULL THEN sequence END
      FROM outbox_event`)
  }

  /** Returns how to close it. */
  async function openSnapshot(): Promise<() => Promise<void>> {
    const client = connect()
    await client.connect()
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await client.query('SELECT FROM outbox_event LIMIT 1')
    return () => client.end()
  }

  /** Reads the tables as pg_dump does: one after another, in one snapshot. */
  async function dump(): Promise<void> {
    await onConnection(async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      for (const table of tables) await client.query(`COPY ${table} TO PROGRAM 'cat > /dev/null'`)
    })
  }

  async function onConnection(work: (client: Client) => Promise<unknown>): Promise<void> {
    const client = connect()
    await client.connect()
    await work(client)
    await client.end()
  }
}
