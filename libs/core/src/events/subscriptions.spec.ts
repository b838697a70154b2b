import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { createDatabase } from '../db/index.ts'
import { createMetrics } from '../telemetry/index.ts'
import { defineEvent } from './event.ts'
import { createListenerWorkers } from './listener-workers.ts'
import { on } from './listener.ts'
import { createSubscriptions } from './subscriptions.ts'
import { createTestBed, type TestBed } from './testing/test-bed.ts'

const shipped = defineEvent('shop.order-shipped', z.object({ orderId: z.int() }))
const moved = defineEvent('shop.moved', z.object({ article: z.int() }), {
  key: ({ article }) => article,
})
const count = on(shipped, 'shop.count', () => {})
const bill = on(shipped, 'shop.bill', () => {})

describe('subscriptions', () => {
  let bed: TestBed
  beforeEach(async () => {
    bed = await createTestBed()
  })
  afterEach(() => bed.stopAll())

  it('of another version stay while somebody declares them', async () => {
    await save([count, bill])
    await save([count])
    expect(await ids()).toEqual(['shop.bill', 'shop.count'])
  })

  it('that nobody declared for a week go, and what they are owed is given up', async () => {
    await save([count, bill])
    await bed.start(bed.relay([count, bill]))
    await bed.publish(shipped, { orderId: 1 })
    await eventually(async () => (await bed.deliveries()).length === 2)
    await bed.database.pool.query(
      `UPDATE event_subscription SET updated_at = now() - interval '8 days'`,
    )
    await save([count])
    expect(await ids()).toEqual(['shop.count'])
    expect(await bed.deliveries()).toMatchObject([
      { listener_id: 'shop.bill', error: 'The listener no longer exists.' },
      { listener_id: 'shop.count', dead_at: null },
    ])
  })

  it('keep what they are owed when the last release that ordered it is gone', async () => {
    const ordered = on(moved, 'shop.move', () => {}, { ordered: true })
    await save([ordered])
    await bed.start(bed.relay([ordered]))
    await bed.publish(moved, { article: 1 })
    await eventually(async () => (await bed.deliveries()).length === 1)
    await bed.database.pool.query(
      `UPDATE event_subscription SET updated_at = now() - interval '8 days'`,
    )
    await save([on(moved, 'shop.move', () => {})])
    await save([])
    expect(await ids()).toEqual(['shop.move'])
    expect(await bed.deliveries()).toMatchObject([{ listener_id: 'shop.move', dead_at: null }])
  })

  it('that go leave nothing owed, however much it is, and stay where it cannot be given up', async () => {
    const { pool } = bed.database
    await save([bill])
    await pool.query(`
      WITH e AS (
        INSERT INTO outbox_event (id, name, payload, published_at)
        SELECT gen_random_uuid(), 'shop.order-shipped', '{}', now() FROM generate_series(1, 1001)
        RETURNING id)
      INSERT INTO event_delivery (event_id, listener_id, queue) SELECT id, 'shop.bill', 'shop.events' FROM e;
      UPDATE event_subscription SET updated_at = now() - interval '8 days';
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
      CREATE TRIGGER refuse BEFORE UPDATE ON event_delivery FOR EACH ROW EXECUTE FUNCTION refuse()`)
    await expect(save([count])).rejects.toThrow('no')
    expect(await ids()).toEqual(['shop.bill', 'shop.count'])
    await pool.query('DROP FUNCTION refuse CASCADE')
    await save([count])
    expect(await ids()).toEqual(['shop.count'])
    expect((await bed.deliveries()).filter((row) => row.dead_at)).toHaveLength(1_001)
  })

  it('of a module without any listener left go too, those of other modules stay', async () => {
    await save([count, on(shipped, 'stock.reserve', () => {})])
    await bed.database.pool.query(
      `UPDATE event_subscription SET updated_at = now() - interval '8 days'`,
    )
    await save([], ['shop'])
    expect(await ids()).toEqual(['stock.reserve'])
  })

  it('that BullMQ could not deliver to are refused, so that they hold up nobody', async () => {
    const add = (values: string) =>
      bed.database.pool.query(
        `INSERT INTO event_subscription (listener_id, event_name, queue) VALUES (${values})`,
      )
    await expect(add(`'shop.count', 'shop.order-shipped', 'shop:events'`)).rejects.toMatchObject({
      constraint: 'event_subscription_queue_check',
    })
    await expect(add(`'shop:count', 'shop.order-shipped', 'shop.events'`)).rejects.toMatchObject({
      constraint: 'event_subscription_listener_id_check',
    })
  })

  async function save(listeners: (typeof count)[], modules: string[] = []) {
    await createSubscriptions({ pool: bed.database.pool, listeners, modules, log: bed.log }).save()
  }

  async function ids() {
    const rows = await bed.database.client.eventSubscription.findMany({
      orderBy: { listenerId: 'asc' },
    })
    return rows.map(({ listenerId }) => listenerId)
  }
})

it('a delivery loses no attempt while PostgreSQL is away', async () => {
  const bed = await createTestBed()
  const proxy = await startTcpProxy(bed.config.databaseUrl)
  const { log } = bed
  const config = { ...bed.config, databaseUrl: proxy.url }
  const database = createDatabase({ config, log })
  const attempts: number[] = []
  const once = on(shipped, 'shop.once', (_, { attempt }) => attempts.push(attempt), { attempts: 1 })
  await bed.start(bed.relay([once]))
  await proxy.cut()
  const metrics = createMetrics({ process: 'test' })
  await bed.start(
    createListenerWorkers({
      config,
      pool: database.pool,
      queues: bed.queues,
      listeners: [once],
      log,
      metrics,
    }),
  )
  await bed.publish(shipped, { orderId: 1 })
  await eventually(() => bed.queues.get('shop.events').getDelayedCount())
  await proxy.restore()
  await eventually(async () => (await bed.deliveries())[0]?.finished_at)
  expect(attempts).toEqual([1])
  await bed.stopAll()
  await database.close()
  await proxy.close()
})
