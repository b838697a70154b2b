import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { defineEvent } from './event.ts'
import { on } from './listener.ts'
import { createTestBed, type TestBed } from './testing/test-bed.ts'

const shipped = defineEvent('shop.order-shipped', z.object({ orderId: z.int() }))

describe('relays of many processes', () => {
  let bed: TestBed
  let handled: number
  beforeEach(async () => {
    bed = await createTestBed()
    handled = 0
  })
  afterEach(() => bed.stopAll())

  it('let two of them listen, and one that waits takes the place of one that stops', async () => {
    const listeners = [on(shipped, 'shop.count', () => (handled += 1))]
    const relays = Array.from({ length: 6 }, () => bed.relay(listeners, { pollMs: 600_000 }))
    await bed.start(...relays, bed.workers(listeners))
    await eventually(async () => (await countConnections('LISTEN%')) === 2)
    await eventually(async () => (await countConnections('%')) === 6)
    expect(await countConnections('LISTEN%')).toBe(2)
    for (let left = 5; left > 1; left -= 1) {
      await bed.stop(relays.pop() as (typeof relays)[number])
      await eventually(async () => (await countConnections('LISTEN%')) === 2)
    }
    await bed.publish(shipped, { orderId: 1 })
    await eventually(() => handled === 1)
  })

  it('go on with new events while what is due cannot be handed over', async () => {
    await bed.database.pool.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
       CREATE TRIGGER refuse BEFORE DELETE ON event_due FOR EACH ROW EXECUTE FUNCTION refuse();
       INSERT INTO event_due (listener_id, order_key) VALUES ('shop.count', '1')`,
    )
    const listeners = [on(shipped, 'shop.count', () => (handled += 1))]
    await bed.start(bed.relay(listeners), bed.workers(listeners))
    for (let orderId = 1; orderId <= 20; orderId += 1) {
      await bed.publish(shipped, { orderId })
      await eventually(() => handled === orderId)
    }
  })

  async function countConnections(query: string): Promise<number> {
    const { rows } = await bed.database.pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'ashlar outbox relay'
         AND query LIKE $1`,
      [query],
    )
    return rows[0]?.count ?? 0
  }
})
