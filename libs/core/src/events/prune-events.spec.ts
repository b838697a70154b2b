import { createTestBed, type TestBed } from './testing/test-bed.ts'
import { pruneEvents } from './prune-events.ts'

const day = 86_400_000

describe('old events', () => {
  let bed: TestBed
  beforeEach(async () => {
    bed = await createTestBed()
  })
  afterEach(() => bed.stopAll())

  it('go in batches with their deliveries when every listener has finished them', async () => {
    await insert(2_500, '40 days')
    await insert(3, '1 day')
    expect(await pruneEvents(bed.database.pool, 30 * day)).toBe(2_500)
    expect(await bed.database.client.outboxEvent.count()).toBe(3)
    expect(await bed.deliveries()).toHaveLength(3)
    expect(await pruneEvents(bed.database.pool, 30 * day)).toBe(0)
  })

  it.each([
    ['dead', 'UPDATE event_delivery SET finished_at = NULL, dead_at = now()'],
    ['owed', 'UPDATE event_delivery SET finished_at = NULL'],
    ['unpublished', 'UPDATE outbox_event SET published_at = NULL'],
  ])('stay while something of them is %s', async (_, change) => {
    await insert(1, '40 days')
    await bed.database.pool.query(change)
    expect(await pruneEvents(bed.database.pool, 30 * day)).toBe(0)
    expect(await bed.deliveries()).toHaveLength(1)
  })

  it('wait for the next time when the process stops', async () => {
    await insert(2_500, '40 days')
    const stopped = AbortSignal.abort()
    expect(await pruneEvents(bed.database.pool, 30 * day, stopped)).toBe(1_000)
  })

  /** With ids of that age, as the publisher makes them. */
  async function insert(count: number, age: string) {
    await bed.database.pool.query(
      `WITH e AS (
         INSERT INTO outbox_event (id, name, payload, occurred_at, published_at)
         SELECT (lpad(to_hex((extract(epoch FROM now() - $2::interval) * 1000)::bigint), 12, '0')
                 || '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid,
                'shop.order-shipped', '{}', now() - $2::interval, now() - $2::interval
         FROM generate_series(1, $1::int) AS n RETURNING id)
       INSERT INTO event_delivery (event_id, listener_id, queue, finished_at)
       SELECT id, 'shop.count', 'shop.events', now() FROM e`,
      [count, age],
    )
  }
})
