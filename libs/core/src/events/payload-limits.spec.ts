import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { handOverDue } from './due-deliveries.ts'
import { defineEvent } from './event.ts'
import { createEventRedelivery } from './event-redelivery.ts'
import { on } from './listener.ts'
import { mostBytes } from './payload-bytes.ts'
import { relayBatch } from './relay-batch.ts'
import { createTestBed, type TestBed } from './testing/test-bed.ts'

const told = defineEvent('shop.told', z.object({ text: z.string() }))
const listeners = [on(told, 'shop.hear', () => {})]
const all = { after: 0, limit: 500 }

describe('the bytes of payloads', () => {
  let bed: TestBed
  beforeEach(async () => {
    bed = await createTestBed()
  })
  afterEach(() => bed.stopAll())

  it('are bounded where an event is published, and nothing is written', async () => {
    const limit = bed.config.payloadLimit
    const longest = { text: 'é'.repeat((limit - '{"text":""}'.length - 1) / 2) }
    await bed.publish(told, longest)
    await expect(bed.publish(told, { text: `${longest.text}é` })).rejects.toThrow(
      `shop.told: The payload has ${limit + 1} bytes of JSON, and PAYLOAD_LIMIT allows ${limit}.`,
    )
    expect(await bed.database.client.outboxEvent.count()).toBe(1)
  })

  it('end a batch of the relay, and one of what is due', async () => {
    const { queues, database } = bed
    await bed.declare(listeners)
    await writeEvents(40, 300_000)
    const deps = { pool: database.pool, queues }
    const mostRows = Math.floor(mostBytes / 300_000)
    expect(await relayBatch(deps, all)).toMatchObject({ count: mostRows, isMore: true })
    for (let isMore = true; isMore;) ({ isMore } = await relayBatch(deps, all))
    expect(await countQueued()).toBe(40)
    await database.pool.query('UPDATE event_delivery SET dead_at = now()')
    await createEventRedelivery(database.pool).retry({})
    await handOverDue(deps, all)
    expect(await countQueued()).toBe(mostRows)
    while ((await countQueued()) < 40) await handOverDue(deps, all)
  })

  it('do not keep an event behind that is longer than a batch', async () => {
    await bed.declare(listeners)
    await writeEvents(2, mostBytes + 1)
    const deps = { pool: bed.database.pool, queues: bed.queues }
    expect(await relayBatch(deps, all)).toMatchObject({ count: 1, isMore: true })
    expect(await relayBatch(deps, all)).toMatchObject({ count: 1 })
  })

  it('lead to smaller batches where a whole one fails', async () => {
    await bed.database.pool.query(
      `CREATE FUNCTION refuse_many() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF (SELECT count(*) FROM changed) > 60 THEN RAISE 'too many'; END IF; RETURN NULL; END $$;
       CREATE TRIGGER refuse_many AFTER UPDATE ON outbox_event
         REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION refuse_many()`,
    )
    await writeEvents(400, 10)
    await bed.start(bed.relay(listeners))
    await eventually(async () => (await countQueued()) === 400)
  })

  async function writeEvents(count: number, bytes: number): Promise<void> {
    await bed.database.pool.query(
      `INSERT INTO outbox_event (id, name, payload)
       SELECT gen_random_uuid(), 'shop.told', jsonb_build_object('text', repeat('x', $2 - 12))
       FROM generate_series(1, $1)`,
      [count, bytes],
    )
  }

  const countQueued = () =>
    bed.database.client.eventDelivery.count({ where: { deadAt: null, enqueuedAt: { not: null } } })
})
