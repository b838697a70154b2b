import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { holdTransaction } from '../../testing/hold-transaction.ts'
import { handOverDue } from './due-deliveries.ts'
import { defineEvent } from './event.ts'
import { createEventInspection } from './event-inspection.ts'
import { createEventRedelivery } from './event-redelivery.ts'
import { createInbox } from './inbox.ts'
import { on } from './listener.ts'
import { pruneEvents } from './prune-events.ts'
import { relayBatch } from './relay-batch.ts'
import { pagesReadBy } from './testing/pages-read.ts'
import { createTestBed, type TestBed } from './testing/test-bed.ts'

const shipped = defineEvent('shop.order-shipped', z.object({ orderId: z.int() }))
const moved = defineEvent('stock.moved', z.object({ article: z.int() }), {
  key: ({ article }) => article,
})
const count = on(shipped, 'shop.count', () => {})
const log = on(moved, 'stock.log', () => {}, { ordered: true })

const few = 1_000
const many = 8_000
const all = { after: 0, limit: 500 }

/**
 * Its statistics were made when the tables were empty, as they nearly always are before a burst.
 */
async function createBed(): Promise<TestBed> {
  const bed = await createTestBed()
  const { pool } = bed.database
  for (const table of ['outbox_event', 'event_delivery', 'event_due', 'event_subscription'])
    await pool.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false); ANALYZE ${table}`)
  await bed.declare([count, log])
  return bed
}

/** As after their publication, in the given state. */
async function writeDeliveries(
  { database }: TestBed,
  rows: number,
  { listener = 'shop.count', event = 'shop.order-shipped', keys = 0, state = '' } = {},
): Promise<void> {
  await database.pool.query(
    `WITH e AS (
       INSERT INTO outbox_event (id, name, payload, key, published_at)
       SELECT gen_random_uuid(), $2, '{"orderId":1,"article":1}', CASE WHEN $3 > 0 THEN (n % $3)::text END, now()
       FROM generate_series(1, $1::int) n RETURNING id, key, sequence)
     INSERT INTO event_delivery (event_id, listener_id, queue, order_key, sequence, enqueued_at ${state && ', dead_at'})
     SELECT id, $4, split_part($4, '.', 1) || '.events', key, CASE WHEN key IS NOT NULL THEN sequence END, NULL ${state && ', now()'}
     FROM e`,
    [rows, event, keys, listener],
  )
}

/** Pages for one row of `many` in relation to one of `few`: about 1 where the cost is linear. */
async function growthOf(
  prepare: (bed: TestBed, rows: number) => Promise<unknown>,
  work: (bed: TestBed, pool: TestBed['database']['pool']) => Promise<unknown>,
  [small, large] = [few, many],
): Promise<number> {
  const costs: number[] = []
  for (const rows of [small, large]) {
    const bed = await createBed()
    await prepare(bed, rows)
    const pages = await pagesReadBy(bed.config.databaseUrl, (pool) => work(bed, pool))
    costs.push(pages / rows)
    await bed.stopAll()
  }
  const [ofFew = 0, ofMany = 0] = costs
  return ofMany / ofFew
}

async function handOverAll(
  { queues }: TestBed,
  pool: TestBed['database']['pool'],
): Promise<number> {
  let total = 0
  for (;;) {
    const { count } = await handOverDue({ pool, queues }, all)
    if (count === 0) return total
    total += count
  }
}

describe('the cost of a delivery does not grow with those', () => {
  it('that an operator wants again', async () => {
    const growth = await growthOf(
      (bed, rows) => writeDeliveries(bed, rows, { state: 'dead' }),
      async (bed, pool) => {
        await createEventRedelivery(pool).retry({})
        await handOverAll(bed, pool)
      },
    )
    expect(growth).toBeLessThan(1.5)
  })

  it('that are dead, where an operator wants one again', async () => {
    const bed = await createBed()
    await writeDeliveries(bed, many, { state: 'dead' })
    const { eventId } = await bed.database.client.eventDelivery.findFirstOrThrow({
      orderBy: { deadAt: 'desc' },
    })
    const pages = await pagesReadBy(bed.config.databaseUrl, async (pool) => {
      expect(await createEventRedelivery(pool).retry({ eventId })).toBe(1)
    })
    expect(pages).toBeLessThan(100)
    await bed.stopAll()
  })

  it('that wait for their turn', async () => {
    const growth = await growthOf(
      async ({ database }, rows) => {
        await database.pool.query(
          `INSERT INTO outbox_event (id, name, payload, key)
           SELECT gen_random_uuid(), 'stock.moved', '{"article":1}', (n % 10)::text FROM generate_series(1, $1::int) n`,
          [rows],
        )
      },
      async ({ queues, database }, pool) => {
        for (let isMore = true; isMore;) ({ isMore } = await relayBatch({ pool, queues }, all))
        const inbox = createInbox(pool)
        for (;;) {
          const { count } = await handOverDue({ pool, queues }, all)
          if (count === 0) break
          const started = await database.client.eventDelivery.findMany({
            where: { enqueuedAt: { not: null }, finishedAt: null },
          })
          for (const delivery of started) await inbox.finish(delivery)
        }
      },
      [500, 2_000],
    )
    expect(growth).toBeLessThan(1.5)
  })

  it('that stand still behind a dead one, or are held', async () => {
    const costs: number[] = []
    for (const rows of [few, many]) {
      const bed = await createBed()
      await writeDeliveries(bed, rows, { listener: 'stock.log', event: 'stock.moved', keys: 1 })
      await bed.database.pool.query(
        `UPDATE event_delivery SET dead_at = now() WHERE sequence = (SELECT min(sequence) FROM event_delivery);
         INSERT INTO event_due (listener_id, order_key) VALUES ('stock.log', '0')`,
      )
      const look = (pool: typeof bed.database.pool) => handOverAll(bed, pool)
      await pagesReadBy(bed.config.databaseUrl, look)
      costs.push(await pagesReadBy(bed.config.databaseUrl, look))
      await bed.stopAll()
    }
    expect(Math.max(...costs)).toBeLessThan(20)
  })

  it('that nobody has relayed', async () => {
    const growth = await growthOf(
      ({ database }, rows) =>
        database.pool.query(
          `INSERT INTO outbox_event (id, name, payload) SELECT gen_random_uuid(), 'shop.order-shipped', '{"orderId":1}'
           FROM generate_series(1, $1::int)`,
          [rows],
        ),
      async ({ queues }, pool) => {
        for (let isMore = true; isMore;) ({ isMore } = await relayBatch({ pool, queues }, all))
      },
    )
    expect(growth).toBeLessThan(1.5)
  })
})

describe('old events go', () => {
  it('at a cost that does not grow with them', async () => {
    const growth = await growthOf(
      (bed, rows) => writeOld(bed, { finished: rows, dead: 0 }),
      (_, pool) => pruneEvents(pool, 1_000),
    )
    expect(growth).toBeLessThan(1.5)
  })

  it('also behind many that dead deliveries keep', async () => {
    const growth = await growthOf(
      (bed, rows) => writeOld(bed, { finished: few, dead: rows }),
      async (_, pool) => expect(await pruneEvents(pool, 1_000)).toBe(few),
    )
    expect(growth).toBeLessThan(1.5)
  })

  /** Their ids begin with a time of last year. */
  async function writeOld(
    { database }: TestBed,
    { finished, dead }: { finished: number; dead: number },
  ): Promise<void> {
    await database.pool.query(
      `WITH e AS (
         INSERT INTO outbox_event (id, name, payload, published_at)
         SELECT ('019a0000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'shop.order-shipped',
                '{"orderId":1}', now() - interval '1 day'
         FROM generate_series(1, $1::int + $2::int) n RETURNING id),
       numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM e)
       INSERT INTO event_delivery (event_id, listener_id, queue, dead_at, finished_at)
       SELECT id, 'shop.count', 'shop.events', CASE WHEN n <= $1 THEN now() END,
              CASE WHEN n > $1 THEN now() END FROM numbered`,
      [dead, finished],
    )
  }
})

describe('operators', () => {
  it('retry, replay and list any number in batches', async () => {
    const bed = await createBed()
    const redelivery = createEventRedelivery(bed.database.pool)
    await writeDeliveries(bed, 2_500, { state: 'dead' })
    expect(
      await createEventInspection(bed.database.pool).list({ of: 'dead', limit: 3 }),
    ).toHaveLength(3)
    const told: number[] = []
    expect(await redelivery.retry({}, (changed) => told.push(changed))).toBe(2_500)
    expect(told).toEqual([1_000, 2_000, 2_500])
    await bed.database.pool.query('UPDATE event_delivery SET finished_at = now()')
    expect(await redelivery.replay({ listenerId: 'shop.count', since: new Date(0) })).toBe(2_500)
    expect(await handOverAll(bed, bed.database.pool)).toBe(5_000)
    await bed.stopAll()
  })
})

describe('what commits late', () => {
  it('is relayed at once to the last, however much it is, and new events meanwhile', async () => {
    const bed = await createTestBed()
    let handled = 0
    const listeners = [on(shipped, 'shop.count', () => (handled += 1))]
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    const late = await holdTransaction(
      bed.database.pool,
      `INSERT INTO outbox_event (id, name, payload) SELECT gen_random_uuid(), 'shop.order-shipped', '{"orderId":1}'
       FROM generate_series(1, 3000)`,
    )
    const newer = 2_500
    await bed.database.client.outboxEvent.createMany({
      data: Array.from({ length: newer }, () => ({ name: shipped.name, payload: { orderId: 2 } })),
    })
    await eventually(() => handled === newer)
    await late.commit()
    await eventually(() => handled === newer + 3_000)
    await bed.stopAll()
  })
})
