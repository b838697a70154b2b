import { holdTransaction } from '../../testing/hold-transaction.ts'
import { pagesReadBy } from '../events/testing/pages-read.ts'
import { createLibrary, openLibrary, type Library } from './testing/library.ts'

type Db = ReturnType<typeof openLibrary>

const before = new Date('2026-01-01')
let library: Library

beforeAll(async () => {
  library = await createLibrary()
  await library.pool.query(`
    CREATE INDEX tag_deleted_at_idx ON tag (deleted_at) WHERE deleted_at IS NOT NULL;
    CREATE INDEX shelf_built_at_idx ON shelf (built_at);
    ALTER TABLE tag SET (autovacuum_enabled = false);
    ALTER TABLE shelf SET (autovacuum_enabled = false)`)
})
beforeEach(() => library.empty())
afterAll(() => library.stop())

/** Times that differ, and one time: a condition of equal rows is another walk through the index. */
const spread = `timestamptz '2025-01-01' + n * interval '1 second'`
const equal = `timestamptz '2025-06-01'`

/** Old rows, a tenth of all, that lie among the others. */
const fillShelf = (time: string) => (count: number) => `
  INSERT INTO shelf (code, width, load, note, built_at)
  SELECT n, 1, 1, repeat('wide ', 80), CASE WHEN n % 10 = 0 THEN ${time} ELSE timestamptz '2026-02-01' + n * interval '1 second' END
  FROM generate_series(1, ${10 * count}) n`
const fillTags = (time: string) => (count: number) => `
  INSERT INTO tag (name, deleted_at)
  SELECT n || repeat(' wide', 80), CASE WHEN n % 10 = 0 THEN ${time} END FROM generate_series(1, ${10 * count}) n`

const clearShelf = (db: Db) =>
  db.shelf.deleteInBatches({ where: { builtAt: { lt: before } }, by: 'builtAt' })
const clearTags = (db: Db) => db.tag.purgeDeleted({ before })

/** Statistics for the planner: from before the rows came, or from when there were a few of them. */
const empty = 'ANALYZE shelf; ANALYZE tag'
const few = `
  INSERT INTO shelf (code, width, load, built_at)
    SELECT n, 1, 1, timestamptz '2026-02-01' - (n < 300)::int * interval '90 days' FROM generate_series(1, 20000) n;
  INSERT INTO tag (name, deleted_at)
    SELECT 's' || n, CASE WHEN n < 300 THEN timestamptz '2025-03-01' END FROM generate_series(1, 20000) n;
  ANALYZE shelf; ANALYZE tag; DELETE FROM shelf; DELETE FROM tag`

it.each([
  ['deleteInBatches, statistics of an empty table', fillShelf(spread), clearShelf, empty],
  ['deleteInBatches, statistics with a few old ones', fillShelf(spread), clearShelf, few],
  ['deleteInBatches of equal rows', fillShelf(equal), clearShelf, few],
  ['purgeDeleted, statistics of an empty table', fillTags(spread), clearTags, empty],
  ['purgeDeleted, statistics with a few deleted ones', fillTags(spread), clearTags, few],
  ['purgeDeleted of equal rows', fillTags(equal), clearTags, few],
])('%s: reads pages in proportion to what goes', async (_name, fill, clear, statistics) => {
  const pages = async (count: number) => {
    await library.empty()
    await library.pool.query(statistics)
    await library.pool.query(fill(count))
    return pagesOf(clear, count)
  }
  const [once, twice] = [await pages(4_000), await pages(8_000)]
  expect(once).toBeLessThan(20 * 4_000)
  expect(twice / once).toBeLessThan(2.2)
})

it('deleteInBatches reads pages in proportion to what goes, also beside an open snapshot', async () => {
  const pages = async (count: number) => {
    await library.empty()
    await library.pool.query(few)
    await library.pool.query(fillShelf(spread)(count))
    // As pg_dump has it: rows that go stay in the index for as long.
    const snapshot = await holdTransaction(
      library.pool,
      'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM shelf',
    )
    const read = await pagesOf(clearShelf, count)
    await snapshot.rollback()
    return read
  }
  const [once, twice] = [await pages(4_000), await pages(8_000)]
  expect(twice / once).toBeLessThan(2.2)
})

const pagesOf = (clear: (db: Db) => Promise<number>, count: number) =>
  pagesReadBy(library.url, async (pool) => {
    expect(await clear(openLibrary(pool))).toBe(count)
  })
