import { Worker } from 'bullmq'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { defineError } from '../errors/index.ts'
import { createStore } from '../store/index.ts'
import { createTestBed, type TestBed } from './testing/test-bed.ts'
import { defineEvent } from './event.ts'
import { on } from './listener.ts'
import { createOutbox } from './outbox.ts'
import { relayBatch } from './relay-batch.ts'

const shipped = defineEvent('shop.order-shipped', z.object({ orderId: z.int() }))
const gone = defineError({
  kind: 'not_found',
  code: 'shop.gone',
  title: 'Gone',
  detail: 'The order is gone.',
  help: '-',
})

describe('events', () => {
  let bed: TestBed
  beforeEach(async () => {
    bed = await createTestBed()
  })
  afterEach(() => bed.stopAll())

  it('delivers a committed event to each subscribed listener and a rolled-back one to none', async () => {
    const seen: string[] = []
    const listeners = [
      on(shipped, 'shop.count', ({ orderId }) => seen.push(`count ${orderId}`)),
      on(shipped, 'stock.reserve', ({ orderId }) => seen.push(`reserve ${orderId}`)),
    ]
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    const failure = bed.database.client.$transaction(async (tx) => {
      await createOutbox(tx, bed.config).publish(shipped, { orderId: 1 })
      throw new Error('no')
    })
    await expect(failure).rejects.toThrow('no')
    await bed.publish(shipped, { orderId: 2 })
    await eventually(
      async () => (await bed.deliveries()).filter((row) => row.finished_at).length === 2,
    )
    expect(seen.toSorted()).toEqual(['count 2', 'reserve 2'])
  })

  it('tells a listener the delivery, the same id at each attempt', async () => {
    const told: string[] = []
    const listeners = [
      on(
        shipped,
        'shop.count',
        (_, { id, eventId, attempt }) => {
          told.push(`${id === `${eventId}.shop.count`} ${attempt}`)
          if (attempt < 3) throw new Error('not yet')
        },
        { backoffMs: 10 },
      ),
    ]
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    await bed.publish(shipped, { orderId: 1 })
    await eventually(async () => (await bed.deliveries())[0]?.finished_at)
    expect(told).toEqual(['true 1', 'true 2', 'true 3'])
  })

  it('refuses a payload that breaks the schema in the transaction of the publisher', async () => {
    const failure = bed.database.client.$transaction(async (tx) => {
      await createOutbox(tx, bed.config).publish(shipped, {
        orderId: 'secret' as unknown as number,
      })
    })
    await expect(failure).rejects.toThrow(
      'shop.order-shipped: The payload does not match its schema: /orderId invalid_type.',
    )
    expect(await bed.database.client.outboxEvent.count()).toBe(0)
  })

  it('gives a listener up after its attempts while others flow', async () => {
    const seen: number[] = []
    const options = { attempts: 3, backoffMs: 10 }
    let attempts = 0
    const listeners = [
      on(shipped, 'shop.fail', () => Promise.reject(new Error(`boom ${++attempts}`)), options),
      on(shipped, 'shop.count', ({ orderId }) => seen.push(orderId)),
    ]
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    await bed.publish(shipped, { orderId: 1 })
    const dead = await eventually(async () => (await bed.deliveries()).find((row) => row.dead_at))
    expect(dead).toMatchObject({
      listener_id: 'shop.fail',
      error: 'Error: boom 3',
      finished_at: null,
    })
    await bed.publish(shipped, { orderId: 2 })
    await eventually(() => seen.length === 2)
  })

  it('gives a listener up at once where a repeat cannot help', async () => {
    let attempts = 0
    const fail = () => {
      attempts += 1
      throw gone()
    }
    const listeners = [on(shipped, 'shop.fail', fail)]
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    await bed.publish(shipped, { orderId: 1 })
    await eventually(async () => (await bed.deliveries())[0]?.dead_at)
    expect((await bed.deliveries())[0]?.error).toBe('shop.gone: The order is gone.')
    expect(attempts).toBe(1)
  })

  it('gives a delivery up at once whose payload the listener cannot read, naming no value', async () => {
    const older = defineEvent('shop.order-shipped', z.object({ orderId: z.string() }))
    let handled = 0
    const listeners = [on(shipped, 'shop.count', () => (handled += 1))]
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    await bed.publish(older, { orderId: 'hunter2' })
    await eventually(async () => (await bed.deliveries())[0]?.dead_at)
    const [row] = await bed.deliveries()
    expect(row?.error).toMatch(/^job\.payload_invalid: .*\/orderId invalid_type/)
    const [job] = await bed.queues.get('shop.events').getFailed()
    expect(`${job?.failedReason} ${job?.stacktrace?.join()}`).not.toContain('hunter2')
    expect(handled).toBe(0)
  })

  it('publishes an event that nobody listens to without a delivery', async () => {
    await bed.start(bed.relay([]))
    await bed.publish(shipped, { orderId: 1 })
    await eventually(async () =>
      bed.database.client.outboxEvent.count({ where: { publishedAt: { not: null } } }),
    )
    expect(await bed.deliveries()).toEqual([])
  })

  it('keeps events for a listener that is down', async () => {
    const seen: number[] = []
    const listeners = [on(shipped, 'shop.count', ({ orderId }) => seen.push(orderId))]
    await bed.start(bed.relay(listeners))
    await bed.publish(shipped, { orderId: 1 })
    await eventually(async () => (await bed.deliveries()).length)
    await bed.start(bed.workers(listeners))
    await eventually(() => seen.length)
  })

  it('shares the outbox between relays without delivering twice', async () => {
    const seen: number[] = []
    const listeners = [on(shipped, 'shop.count', ({ orderId }) => seen.push(orderId))]
    await bed.start(bed.relay(listeners), bed.relay(listeners), bed.workers(listeners))
    await eventually(() => bed.database.client.eventSubscription.count())
    const count = 2_000
    await bed.database.client.outboxEvent.createMany({
      data: Array.from({ length: count }, (_, orderId) => ({
        name: shipped.name,
        payload: { orderId },
      })),
    })
    bed.notifier.wake()
    await eventually(
      async () => (await bed.deliveries()).filter((row) => row.finished_at).length === count,
    )
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
  })

  it('handles a delivery once when a relay dies between the hand-over and its mark', async () => {
    let handled = 0
    const listeners = [on(shipped, 'shop.count', () => (handled += 1))]
    const { database, queues } = bed
    await bed.declare(listeners)
    await bed.publish(shipped, { orderId: 1 })
    await relayBatch({ pool: database.pool, queues }, { after: 0, limit: 500 })
    await forgetPublication()
    await relayBatch({ pool: database.pool, queues }, { after: 0, limit: 500 })
    await bed.start(bed.workers(listeners))
    await eventually(async () => (await bed.deliveries())[0]?.finished_at)
    await queues.get('shop.events').obliterate({ force: true })
    await forgetPublication()
    expect(
      await relayBatch({ pool: database.pool, queues }, { after: 0, limit: 500 }),
    ).toMatchObject({ count: 1 })
    expect(await queues.get('shop.events').getJobCountByTypes('waiting', 'active')).toBe(0)
    expect(handled).toBe(1)
  })

  it('finds an event whose transaction committed long after those behind it', async () => {
    const seen: number[] = []
    const listeners = [on(shipped, 'shop.count', ({ orderId }) => seen.push(orderId))]
    const { pool } = bed.database
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    const late = await pool.connect()
    await late.query('BEGIN')
    await late.query(`INSERT INTO outbox_event (id, name, payload)
      VALUES (gen_random_uuid(), 'shop.order-shipped', '{"orderId":1}')`)
    await pool.query(`SELECT setval('outbox_event_sequence_seq', 100000)`)
    await bed.publish(shipped, { orderId: 2 })
    await eventually(() => seen.length === 1)
    await late.query('COMMIT')
    late.release()
    await eventually(() => seen.length === 2)
    expect(seen).toEqual([2, 1])
  })

  it('knows how long events waited for a relay', async () => {
    await bed.start(bed.relay([]))
    await bed.publish(shipped, { orderId: 1 })
    const waits = await eventually(async () => {
      const { values } = await bed.metrics.outboxRelayLag.get()
      return values.find(({ metricName, value }) => metricName?.endsWith('_count') && value === 1)
    })
    expect(waits.value).toBe(1)
  })

  it('wakes the relays while the pool has no connection left', async () => {
    const seen: number[] = []
    const listeners = [on(shipped, 'shop.count', ({ orderId }) => seen.push(orderId))]
    const { pool } = bed.database
    const clients = await Promise.all(Array.from({ length: 8 }, () => pool.connect()))
    let notified = 0
    const [listening] = clients
    listening?.on('notification', () => (notified += 1))
    await listening?.query('LISTEN ashlar_outbox')
    for (let n = 0; n < 50; n++) bed.notifier.wake()
    await eventually(() => notified > 0)
    expect(notified).toBeLessThan(10)
    for (const client of clients) client.release()
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    await bed.publish(shipped, { orderId: 1 })
    await eventually(() => seen.length)
  })

  it('does not run a listener again whose end cannot be written down for a while, nor others for its sake', async () => {
    const handled: number[] = []
    const holder = await bed.database.pool.connect()
    const listeners = [
      on(shipped, 'shop.count', async ({ orderId }, { eventId }) => {
        handled.push(orderId)
        // As a relay does that waits for Redis.
        if (orderId === 1) {
          await holder.query('BEGIN')
          await holder.query('SELECT FROM event_delivery WHERE event_id = $1 FOR UPDATE', [eventId])
        }
      }),
    ]
    const finished = async () => (await bed.deliveries()).filter((row) => row.finished_at).length
    await bed.start(bed.relay(listeners))
    await bed.publish(shipped, { orderId: 1 })
    await bed.publish(shipped, { orderId: 2 })
    await eventually(async () => (await bed.deliveries()).length === 2)
    await bed.start(bed.workers(listeners))
    await eventually(async () => (await finished()) === 1)
    const queue = bed.queues.get('shop.events')
    // Longer than a statement waits for a lock.
    await eventually(async () => {
      const { rows } = await bed.database.pool.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database()
         AND state = 'idle in transaction' AND now() - xact_start > interval '2 seconds'`,
      )
      return rows.length > 0
    })
    await holder.query('COMMIT')
    holder.release()
    await eventually(async () => (await finished()) === 2)
    await eventually(async () => (await queue.getCompletedCount()) === 2)
    expect(handled.toSorted()).toEqual([1, 2])
  })

  it('lets a listener write once, in one transaction with the mark that it is done', async () => {
    const { database, log, notifier } = bed
    await database.pool.query('CREATE TABLE reserved (order_id int)')
    const store = createStore(
      { config: bed.config, database, log, outboxNotifier: notifier },
      (tables) => ({
        reserve: (orderId: number) =>
          (tables as typeof database.client).$executeRaw`INSERT INTO reserved VALUES (${orderId})`,
      }),
    )
    const runs: boolean[] = []
    let broken = true
    const listeners = [
      on(
        shipped,
        'stock.reserve',
        async ({ orderId }, delivery) => {
          const taken = await store.transaction(async (store) => {
            const isMine = await store.inbox.take(delivery)
            if (isMine) await store.reserve(orderId)
            return isMine
          })
          runs.push(taken)
          // As a process that dies after its commit.
          if (broken) {
            broken = false
            throw new Error('gone')
          }
        },
        { backoffMs: 10 },
      ),
    ]
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    await bed.publish(shipped, { orderId: 7 })
    const queue = bed.queues.get('stock.events')
    await eventually(async () => (await queue.getCompletedCount()) === 1)
    expect((await database.pool.query('SELECT * FROM reserved')).rows).toEqual([{ order_id: 7 }])
    expect((await bed.deliveries()).map(({ finished_at: at }) => at)).toEqual([expect.any(Date)])
    expect(runs).toEqual([true])
    await expect(store.inbox.take({ id: 'a.b.c', eventId: 'a' })).rejects.toThrow(
      'in a transaction',
    )
  })

  it('lets one of many runs at once take a delivery, and none that was rolled back', async () => {
    const { database, log, notifier } = bed
    const store = createStore(
      { config: bed.config, database, log, outboxNotifier: notifier },
      () => ({}),
    )
    await bed.publish(shipped, { orderId: 7 })
    const { rows } = await database.pool.query<{ id: string }>('SELECT id FROM outbox_event')
    const eventId = rows[0]!.id
    const delivery = { id: `${eventId}.stock.reserve`, eventId }
    const failed = store.transaction(async (store) => {
      expect(await store.inbox.take(delivery)).toBe(true)
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    const takes = Array.from({ length: 5 }, () =>
      store.transaction((store) => store.inbox.take(delivery)),
    )
    expect((await Promise.all(takes)).toSorted()).toEqual([false, false, false, false, true])
  })

  describe('that were handled are not handled again, with so many at once that the database is not asked for each', () => {
    const many = Array.from({ length: 50 }, (_, index) => index + 1)
    let handled: number
    const listeners = [on(shipped, 'shop.count', () => (handled += 1))]
    beforeEach(async () => {
      handled = 0
      await bed.start(bed.relay(listeners))
    })

    const publishAll = () => Promise.all(many.map((orderId) => bed.publish(shipped, { orderId })))
    const ended = (count: number) =>
      eventually(async () => (await bed.queues.get('shop.events').getCompletedCount()) === count)

    it('when their jobs are added again', async () => {
      await bed.start(bed.workers(listeners))
      await publishAll()
      await ended(many.length)
      const queue = bed.queues.get('shop.events')
      const jobs = await queue.getCompleted()
      await queue.obliterate({ force: true })
      await queue.addBulk(
        jobs.map(({ name, data, id = '' }) => ({
          name,
          data: data as unknown,
          opts: { jobId: id },
        })),
      )
      await ended(many.length)
      expect(handled).toBe(many.length)
    })

    it('when the worker that handled them died before BullMQ heard of it', async () => {
      const queue = bed.queues.get('shop.events')
      await publishAll()
      await eventually(async () => (await queue.getWaitingCount()) === many.length)
      const dying = new Worker(queue.name, null, {
        connection: { url: bed.config.redisUrl, maxRetriesPerRequest: null },
        prefix: queue.opts.prefix ?? '',
      })
      const taken = await Promise.all(many.map(() => dying.getNextJob('dying')))
      await bed.database.pool.query('UPDATE event_delivery SET finished_at = now()')
      for (const job of taken) await job?.moveToWait('dying')
      await dying.close()
      await bed.start(bed.workers(listeners))
      await ended(many.length)
      expect(handled).toBe(0)
    })
  })

  it('holds in PostgreSQL what no worker knows, and delivers it when one does', async () => {
    let handled = 0
    const known = [on(shipped, 'shop.other', () => {})]
    const both = [...known, on(shipped, 'shop.count', () => (handled += 1))]
    const relay = bed.relay(both)
    await bed.start(relay)
    await publishMany(10)
    await eventually(async () => (await bed.deliveries()).length === 20)
    await bed.stop(relay)
    const ignorant = bed.workers(known)
    await bed.start(bed.relay(known), ignorant)
    await eventually(async () => (await heldIds()).length === 10)
    // From now on they go no way over BullMQ.
    await publishMany(10)
    await eventually(async () => (await heldIds()).length === 20)
    const queue = bed.queues.get('shop.events')
    await eventually(
      async () => (await queue.getJobCountByTypes('waiting', 'delayed', 'active')) === 0,
    )
    await bed.stop(ignorant)
    await bed.start(bed.relay(both), bed.workers(both))
    await eventually(() => handled === 20)
    expect(await heldIds()).toEqual([])
  })

  it('holds what was published for another event under the same id, and loses neither', async () => {
    const packed = defineEvent('shop.order-packed', z.object({ orderId: z.int() }))
    const seen: string[] = []
    const before = [on(shipped, 'shop.count', ({ orderId }) => seen.push(`shipped ${orderId}`))]
    const after = [on(packed, 'shop.count', ({ orderId }) => seen.push(`packed ${orderId}`))]
    await bed.declare(after)
    // A process of the release before starts once more.
    const old = bed.relay(before)
    const newer = bed.workers(after)
    await bed.start(old, newer)
    await bed.publish(shipped, { orderId: 1 })
    await bed.publish(packed, { orderId: 2 })
    await eventually(() => seen.length)
    expect(seen).toEqual(['packed 2'])
    await bed.stop(newer)
    await bed.start(bed.workers(before))
    await eventually(() => seen.includes('shipped 1'))
  })

  it('delivers what is held for an event whose listener is back, and goes on holding the other', async () => {
    const packed = defineEvent('shop.order-packed', z.object({ orderId: z.int() }))
    const seen: string[] = []
    const known = [on(defineEvent('shop.order-lost', z.object({})), 'shop.other', () => {})]
    const back = [on(packed, 'shop.count', ({ orderId }) => seen.push(`packed ${orderId}`))]
    await bed.declare([on(shipped, 'shop.count', () => {})])
    await bed.declare(back)
    const ignorant = bed.workers(known)
    await bed.start(bed.relay(known), ignorant)
    await bed.publish(shipped, { orderId: 1 })
    await bed.publish(packed, { orderId: 2 })
    await eventually(async () => (await heldIds()).length === 2)
    await bed.stop(ignorant)
    await bed.start(bed.relay(back), bed.workers(back))
    await eventually(() => seen.length === 1)
    expect(await heldIds()).toEqual(['shop.count'])
  })

  const publishMany = (count: number) =>
    bed.database.client.outboxEvent.createMany({
      data: Array.from({ length: count }, (_, orderId) => ({
        name: shipped.name,
        payload: { orderId },
      })),
    })

  const heldIds = async () =>
    (await bed.database.client.eventDelivery.findMany({ where: { heldAt: { not: null } } })).map(
      ({ listenerId }) => listenerId,
    )

  async function forgetPublication() {
    await bed.database.client.outboxEvent.updateMany({ data: { publishedAt: null } })
  }
})
