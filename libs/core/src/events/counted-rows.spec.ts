import type { Pool } from 'pg'
import { eventually } from '../../testing/eventually.ts'
import { holdTransaction } from '../../testing/hold-transaction.ts'
import { createCountedRows } from './counted-rows.ts'
import { relayBatch, unpublishedEvents } from './relay-batch.ts'
import { createTestBed, type TestBed } from './testing/test-bed.ts'

const many = 5_000

describe('looks for rows that come late', () => {
  let bed: TestBed
  let looks: number[]
  beforeEach(async () => {
    bed = await createTestBed()
    looks = []
  })
  afterEach(() => bed.stopAll())

  it('begin behind what was taken, although a snapshot that only reads is open', async () => {
    const reader = await bed.database.pool.connect()
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await reader.query('SELECT FROM outbox_event LIMIT 1')
    await publish(many)
    await watch()
    await eventually(beginHigher)
    await reader.query('COMMIT')
    reader.release()
  })

  it('begin before what a transaction that writes may still bring', async () => {
    const late = await holdTransaction(bed.database.pool, insert(1))
    await publish(many)
    await watch()
    await eventually(() => looks.length > 20)
    expect(looks.at(-1)).toBe(0)
    await late.commit()
    await eventually(async () => (await unpublished()) === 0)
    await eventually(beginHigher)
  })

  /** There is nothing to look through until more comes. */
  async function beginHigher(): Promise<boolean> {
    await publish(100)
    return (looks.at(-1) ?? 0) > many / 2
  }

  /** Notes from which number on each look for late rows goes. */
  async function watch(): Promise<void> {
    const { pool } = bed.database
    const query = (text: string, values?: unknown[]) => {
      if (text.includes('<= $2')) looks.push(Number(values?.[0]))
      return pool.query(text, values)
    }
    const rows = createCountedRows({
      what: 'a test',
      rows: unpublishedEvents,
      pool: { query } as unknown as Pool,
      take: (taking) => relayBatch({ pool, queues: bed.queues }, taking),
      ready: async () => {},
      pollMs: 5,
      log: bed.log,
    })
    await bed.start({ name: 'rows', start: rows.start, stop: rows.stop })
    await eventually(async () => (await unpublished()) === 0)
  }

  const publish = (count: number) => bed.database.pool.query(insert(count))

  const unpublished = () => bed.database.client.outboxEvent.count({ where: { publishedAt: null } })
})

const insert = (count: number): string =>
  `INSERT INTO outbox_event (id, name, payload)
   SELECT gen_random_uuid(), 'shop.told', '{}' FROM generate_series(1, ${count})`
