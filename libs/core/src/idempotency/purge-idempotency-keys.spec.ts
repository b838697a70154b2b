import { cloneTestDatabase, type TestDatabase } from '../../testing/database.ts'
import { withConnection } from '../db/migrations/connection.ts'
import { pagesReadBy } from '../events/testing/pages-read.ts'
import { createIdempotencyKeys } from './idempotency-keys.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await cloneTestDatabase(
    process.env['DATABASE_URL'] ?? '',
    process.env['JEST_WORKER_ID'] ?? '1',
  )
})
afterAll(() => database.drop())

/** Some, of which few are over. That is what the planner goes by. */
const statistics = `
  ALTER TABLE idempotency_key SET (autovacuum_enabled = false);
  TRUNCATE idempotency_key;
  INSERT INTO idempotency_key (hash, fingerprint, lease, leased_until, expires_at)
    SELECT sha256(n::text::bytea), 'f', gen_random_uuid(), now(), now() + (n < 300 AND n > 0)::int * interval '-2 days' + interval '1 day'
    FROM generate_series(1, 20000) n;
  ANALYZE idempotency_key;
  DELETE FROM idempotency_key`

/** A tenth of them are over. */
const fill = (count: number) => `
  INSERT INTO idempotency_key (hash, fingerprint, lease, leased_until, expires_at, body)
  SELECT sha256(n::text::bytea), 'f', gen_random_uuid(), now(),
    now() + CASE WHEN n % 10 = 0 THEN -n ELSE 100000 + n END * interval '1 second', repeat('wide ', 80)
  FROM generate_series(1, ${10 * count}) n`

it('the purge of expired keys reads pages in proportion to what goes, also beside an open snapshot', async () => {
  const pages = async (count: number) => {
    await withConnection(database.url, async (client) => {
      await client.query(statistics)
      await client.query(fill(count))
    })
    return withConnection(database.url, async (client) => {
      // As pg_dump has it: rows that go stay in the index for as long.
      await client.query(
        'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM idempotency_key',
      )
      return pagesReadBy(database.url, async (pool) => {
        expect(await createIdempotencyKeys({ pool }).deleteExpired()).toBe(count)
      })
    })
  }
  const [once, twice] = [await pages(4_000), await pages(8_000)]
  expect(twice / once).toBeLessThan(2.2)
})
