import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { startTcpProxy, type TcpProxy } from '../../testing/tcp-proxy.ts'
import { defineEvent } from './event.ts'
import { createTestBed, type TestBed } from './testing/test-bed.ts'
import { on } from './listener.ts'

const shipped = defineEvent('shop.order-shipped', z.object({ orderId: z.int() }))

describe('events without Redis', () => {
  let bed: TestBed
  let redis: TcpProxy
  beforeEach(async () => {
    redis = await startTcpProxy(process.env['REDIS_URL'] ?? '')
    bed = await createTestBed({ redisUrl: redis.url })
  })
  afterEach(async () => {
    await redis.restore()
    await bed.stopAll()
    await redis.close()
  })

  it.each(['cut', 'freeze'] as const)(
    'wait in the outbox and arrive afterwards: %s',
    async (fault) => {
      const seen: number[] = []
      const listeners = [on(shipped, 'shop.count', ({ orderId }) => seen.push(orderId))]
      await bed.start(bed.relay(listeners), bed.workers(listeners))
      await bed.publish(shipped, { orderId: 1 })
      await eventually(() => seen.length === 1)
      await redis[fault]()
      await bed.publish(shipped, { orderId: 2 })
      await sleep(1_500)
      const waiting = await bed.database.client.outboxEvent.count({ where: { publishedAt: null } })
      expect(waiting).toBe(1)
      await redis.restore()
      await eventually(() => seen.length === 2)
      await eventually(async () => (await bed.deliveries()).every((row) => row.finished_at))
      expect(seen).toEqual([1, 2])
    },
  )

  it('are delivered again when it was emptied, but not those that were handled', async () => {
    const seen: number[] = []
    const listeners = [on(shipped, 'shop.count', ({ orderId }) => seen.push(orderId))]
    const workers = bed.workers(listeners)
    await bed.start(bed.relay(listeners), workers)
    await bed.publish(shipped, { orderId: 1 })
    await eventually(async () => (await bed.deliveries())[0]?.finished_at)
    await bed.stop(workers)
    await bed.publish(shipped, { orderId: 2 })
    await eventually(async () => (await bed.deliveries()).length === 2)
    await bed.emptyRedis()
    await bed.start(bed.sweep(), bed.workers(listeners))
    await eventually(async () => (await bed.deliveries()).every((row) => row.finished_at))
    expect(seen).toEqual([1, 2])
  })

  it('are delivered again when it was emptied under running workers', async () => {
    const seen: number[] = []
    const listeners = [
      on(shipped, 'shop.count', async ({ orderId }, { attempt }) => {
        seen.push(orderId)
        if (orderId === 1 && attempt === 1 && seen.length === 1) throw new Error('later')
      }),
    ]
    await bed.start(bed.relay(listeners), bed.workers(listeners), bed.sweep())
    await bed.publish(shipped, { orderId: 1 })
    await eventually(() => seen.length === 1)
    await bed.emptyRedis()
    await bed.publish(shipped, { orderId: 2 })
    await eventually(
      async () => (await bed.deliveries()).filter((row) => row.finished_at).length === 2,
    )
  })

  it('are delivered again when BullMQ holds their jobs as completed although nobody handled them', async () => {
    let handled = 0
    const listeners = [on(shipped, 'shop.count', () => (handled += 1))]
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    await bed.publish(shipped, { orderId: 1 })
    await eventually(async () => (await bed.deliveries())[0]?.finished_at)
    await eventually(() => bed.queues.get('shop.events').getCompletedCount())
    await bed.database.pool.query('UPDATE event_delivery SET finished_at = NULL')
    await bed.start(bed.sweep())
    await eventually(() => handled === 2)
  })

  it('stop in time while it is frozen', async () => {
    const listeners = [on(shipped, 'shop.count', () => {})]
    const relay = bed.relay(listeners)
    const workers = bed.workers(listeners)
    await bed.start(relay, workers)
    await bed.publish(shipped, { orderId: 1 })
    await eventually(async () => (await bed.deliveries())[0]?.finished_at)
    redis.freeze()
    const startedAt = performance.now()
    await bed.stop(workers)
    await bed.stop(relay)
    expect(performance.now() - startedAt).toBeLessThan(6_500)
  })
})

describe('events without PostgreSQL', () => {
  it('flow again when connections were terminated, also the one that listens', async () => {
    const bed = await createTestBed()
    const seen: number[] = []
    const listeners = [on(shipped, 'shop.count', ({ orderId }) => seen.push(orderId))]
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    await bed.publish(shipped, { orderId: 1 })
    await eventually(() => seen.length === 1)
    await bed.database.pool
      .query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()',
      )
      .catch(() => {})
    await eventually(() =>
      bed.publish(shipped, { orderId: 2 }).then(
        () => true,
        () => false,
      ),
    )
    await eventually(() => seen.length === 2)
    await bed.stopAll()
  })

  it('are noticed at once, also after the connection that listens was cut', async () => {
    const bed = await createTestBed()
    const seen: number[] = []
    const listeners = [on(shipped, 'shop.count', ({ orderId }) => seen.push(orderId))]
    const listening = `FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'ashlar outbox relay' AND query LIKE 'LISTEN %'`
    const ask = async (query: string) => (await bed.database.pool.query(query)).rowCount ?? 0
    // It never looks by itself after the start.
    await bed.start(bed.relay(listeners, { pollMs: 3_600_000 }), bed.workers(listeners))
    await flow(1)
    await ask(`SELECT pg_terminate_backend(pid, 5000) ${listening}`)
    await flow(3)
    await bed.stopAll()

    /** The first may be found by the look that follows a connection, the second by none. */
    async function flow(first: number): Promise<void> {
      await eventually(async () => (await ask(`SELECT ${listening}`)) === 1)
      for (const orderId of [first, first + 1]) {
        await bed.publish(shipped, { orderId })
        await eventually(() => seen.includes(orderId))
      }
    }
  })
})
