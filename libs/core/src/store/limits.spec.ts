import {
  createTestCore,
  eventually,
  slowDownCommits,
  startTcpProxy,
  type SlowCommits,
  type TcpProxy,
  type TestCore,
} from '../../testing/index.ts'
import { createDatabase, isOutcomeUnknown } from '../db/index.ts'
import { createStore } from './index.ts'

let test: TestCore

beforeAll(async () => {
  test = await createTestCore()
})
afterAll(() => test.stop())

/** The tables as the only repositories, and a way to SQL, over a pool of its own. */
function createProbe({ databasePooler = false, databaseUrl = test.core.config.databaseUrl } = {}) {
  const { config, log, outboxNotifier } = test.core
  const database = createDatabase({
    config: { ...config, databasePooler, databaseUrl, appName: 'probe', databasePoolSize: 1 },
    log,
  })
  const store = createStore({ config, database, outboxNotifier, log }, ({ user }) => ({ user }))
  return { database, store }
}

type Probe = ReturnType<typeof createProbe>

const mason = { username: 'ada', email: 'ada@example.com', passwordHash: 'none' }

/** Whoever inserts a user from now on keeps what its transaction's limits were. */
const recordLimits = () =>
  test.core.database.pool.query(`
    CREATE TABLE seen (limits text);
    CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO seen VALUES (concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout')));
      RETURN NEW; END $$;
    CREATE TRIGGER see BEFORE INSERT ON "user" FOR EACH ROW EXECUTE FUNCTION see()`)

async function limitsIn({ store }: Probe, options = {}): Promise<unknown> {
  const { pool } = test.core.database
  await store.transaction((store) => store.user.create({ data: mason }), options)
  const { rows } = await pool.query('SELECT limits FROM seen')
  await pool.query('TRUNCATE seen, "user" CASCADE')
  return rows.map(({ limits }: { limits: string }) => limits).join()
}

const limitsOutside = async ({ database }: Probe): Promise<unknown> =>
  (await database.pool.query('SHOW statement_timeout')).rows[0]

describe('the time limits', () => {
  beforeAll(recordLimits)
  afterAll(() => test.core.database.pool.query('DROP FUNCTION see CASCADE; DROP TABLE seen'))

  it('belong to the connection, and a transaction may have shorter ones', async () => {
    const probe = createProbe()
    expect(await limitsIn(probe)).toBe('5s 1400ms')
    expect(await limitsIn(probe, { statementTimeoutMs: 200, lockTimeoutMs: 100 })).toBe(
      '200ms 100ms',
    )
    expect(await limitsIn(probe, { lockTimeoutMs: 100 })).toBe('5s 100ms')
    expect(await limitsIn(probe)).toBe('5s 1400ms')
    await probe.database.close()
  })

  it('belong to each transaction behind a pooler, and leave nothing on the connection', async () => {
    const probe = createProbe({ databasePooler: true })
    expect(await limitsOutside(probe)).toEqual({ statement_timeout: '0' })
    expect(await limitsIn(probe)).toBe('5s 1400ms')
    expect(await limitsIn(probe, { statementTimeoutMs: 200 })).toBe('200ms 1400ms')
    expect(await limitsOutside(probe)).toEqual({ statement_timeout: '0' })
    await probe.database.close()
  })
})

it('a read by hand is prepared once for a connection, but not behind a pooler', async () => {
  const prepared = `SELECT count(*)::int AS prepared FROM pg_prepared_statements WHERE name = 'probe'`
  for (const databasePooler of [false, true]) {
    const { database } = createProbe({ databasePooler })
    const ask = () => database.read<{ one: number }>({ name: 'probe', text: 'SELECT 1 AS one' }, [])
    expect([await ask(), await ask()]).toEqual([[{ one: 1 }], [{ one: 1 }]])
    const { rows } = await database.pool.query(prepared)
    expect(rows).toEqual([{ prepared: databasePooler ? 0 : 1 }])
    await database.close()
  }
})

describe('a commit that takes longer than any statement may', () => {
  let commits: SlowCommits

  beforeAll(async () => {
    commits = await slowDownCommits(test.core.database.pool, 'user', 30)
  })
  afterAll(() => commits.restore())

  it.each([
    ['of a transaction', (store: Probe['store']) => store.transaction(create)],
    ['of a single statement', create],
  ])(
    '%s is cancelled on the server before it is answered',
    async (_, change) => {
      const { database, store } = createProbe()
      const outcome = await change(store).catch((error: unknown) => error)
      expect(outcome).toMatchObject({ code: 'database.timeout', retryAfterSeconds: 1 })
      expect(isOutcomeUnknown(outcome)).toBe(false)
      const { rows } = await test.core.database.pool.query(
        `SELECT query FROM pg_stat_activity WHERE application_name = 'probe' AND state <> 'idle'
       UNION ALL SELECT username FROM "user"`,
      )
      expect(rows).toEqual([])
      await database.close()
    },
    20_000,
  )

  function create(store: Pick<Probe['store'], 'user'>): Promise<unknown> {
    return store.user.create({ data: mason })
  }
})

it('a single statement whose answer does not come may have happened, and a read cannot', async () => {
  const { pool } = test.core.database
  const commits = await slowDownCommits(pool, 'user', 1)
  const proxy = await startTcpProxy(test.core.config.databaseUrl)
  const { database, store } = createProbe({ databaseUrl: proxy.url })
  const writing = store.user.create({ data: mason }).then(String, (error: unknown) => error)
  await eventually(async () => {
    const { rowCount } = await pool.query(
      `SELECT FROM pg_stat_activity
       WHERE application_name = 'probe' AND state = 'active' AND query LIKE 'INSERT%'`,
    )
    return rowCount === 1
  })
  proxy.freeze()
  expect(await writing).toMatchObject({ code: 'database.timeout' })
  expect(isOutcomeUnknown(await writing)).toBe(true)
  const reading = await store.user.findMany().catch((error: unknown) => error)
  expect(reading).toMatchObject({ kind: 'unavailable' })
  expect(isOutcomeUnknown(reading)).toBe(false)
  expect((await pool.query('SELECT FROM "user"')).rowCount).toBe(1)
  await database.close()
  await proxy.close()
  await commits.restore()
  await pool.query('TRUNCATE "user" CASCADE')
})

describe('a transaction that is cut in its COMMIT', () => {
  let commits: SlowCommits
  let proxy: TcpProxy

  beforeAll(async () => {
    proxy = await startTcpProxy(test.core.config.databaseUrl)
  })
  afterEach(async () => {
    await proxy.restore()
    await commits.restore()
    await test.core.database.pool.query('TRUNCATE "user" CASCADE')
  })
  afterAll(() => proxy.close())

  it.each([
    ['rolled back', 30, () => commits.terminate(), 0],
    ['committed', 1, () => during(proxy.cut), 1],
    ['committed after a reset', 1, () => during(proxy.reset), 1],
  ])(
    'and %s is unavailable, does not run again, and is followed by what harms nobody',
    async (_, seconds, harm, users) => {
      commits = await slowDownCommits(test.core.database.pool, 'user', seconds)
      const { database, store } = createProbe({ databaseUrl: proxy.url })
      const seen: string[] = []
      const outcome = store
        .transaction(async (store) => {
          seen.push('run')
          store.afterCommit(() => seen.push('never'))
          store.afterCommit(() => seen.push('followed'), { evenIfUnknown: true })
          await store.user.create({ data: mason })
        })
        .catch((error: unknown) => error)
      await eventually(harm)
      expect(await outcome).toMatchObject({ code: 'database.unavailable', retryAfterSeconds: 1 })
      expect(isOutcomeUnknown(await outcome)).toBe(true)
      expect(seen).toEqual(['run', 'followed'])
      await eventually(async () => !(await commits.areThere()))
      const { rowCount } = await test.core.database.pool.query('SELECT FROM "user"')
      expect(rowCount).toBe(users)
      await database.close()
    },
  )

  /** The server does not notice, and goes on. */
  async function during(harm: () => Promise<void>): Promise<boolean> {
    if (!(await commits.areThere())) return false
    await harm()
    return true
  }
})
