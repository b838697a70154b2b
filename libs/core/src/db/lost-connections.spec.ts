import { createTestCore, eventually, startTcpProxy, type TestCore } from '../../testing/index.ts'
import { createDatabase, toDatabaseError } from './index.ts'

const unavailable = { kind: 'unavailable', code: 'database.unavailable', retryAfterSeconds: 1 }

let test: TestCore

beforeAll(async () => {
  test = await createTestCore({ environment: { DATABASE_POOL_SIZE: '4' } })
})
afterAll(() => test.stop())

const mason = (username: string) => ({
  username,
  email: `${username}@example.com`,
  passwordHash: 'none',
})

/** A second pool on the same database, whose connections a test may end from outside. */
async function withVictim<T>(work: (victim: ReturnType<typeof createDatabase>) => Promise<T>) {
  const { config, log } = test.core
  const victim = createDatabase({ config: { ...config, appName: 'victim' }, log })
  try {
    return await work(victim)
  } finally {
    await victim.close()
  }
}

/** Ends connections of the victim whose last statement is like this, and tells how many. */
async function terminate(like: string): Promise<number> {
  const { rows } = await test.core.database.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'victim' AND datname = current_database() AND query LIKE $1`,
    [like],
  )
  return rows.length
}

const busyWith = (like: string) =>
  eventually(async () => {
    const { rows } = await test.core.database.pool.query(
      `SELECT 1 FROM pg_stat_activity
        WHERE application_name = 'victim' AND state = 'active' AND query LIKE $1`,
      [like],
    )
    return rows.length > 0
  })

/** Holds back whoever touches the table, until it is released. */
async function lockUsers() {
  const holder = await test.core.database.pool.connect()
  await holder.query('BEGIN; LOCK TABLE "user" IN ACCESS EXCLUSIVE MODE')
  return async () => {
    await holder.query('ROLLBACK')
    holder.release()
  }
}

it('idle connections that were cut go unnoticed', () =>
  withVictim(async ({ client, pool }) => {
    for (let round = 1; round <= 3; round += 1) {
      await Promise.all([client.user.count(), client.user.count(), client.user.count()])
      expect(await terminate('%')).toBeGreaterThan(0)
      await eventually(() => pool.totalCount === 0)
      expect(await client.user.count()).toEqual(expect.any(Number))
      await client.user.deleteMany()
    }
  }))

it('a read that is cut is asked once more', () =>
  withVictim(async ({ client }) => {
    await client.user.create({ data: mason('ada') })
    const release = await lockUsers()
    const reading = client.user.findMany({ where: { username: 'ada' } }).then((rows) => rows)
    await busyWith('SELECT%"user"%')
    expect(await terminate('SELECT%"user"%')).toBe(1)
    await busyWith('SELECT%"user"%')
    await release()
    expect(await reading).toMatchObject([{ username: 'ada' }])
  }))

it('a read by hand-written SQL is asked once more, too', () =>
  withVictim(async ({ read }) => {
    const release = await lockUsers()
    const statement = { name: 'names', text: 'SELECT username FROM "user" WHERE username = $1' }
    const reading = read<{ username: string }>(statement, ['ada'])
    await busyWith('SELECT username%')
    expect(await terminate('SELECT username%')).toBe(1)
    await busyWith('SELECT username%')
    await release()
    expect(await reading).toEqual([{ username: 'ada' }])
  }))

it('a read that is cut twice is unavailable', () =>
  withVictim(async ({ client }) => {
    const release = await lockUsers()
    const reading = client.user.count().catch((error: unknown) => error)
    for (const _ of [1, 2]) {
      await busyWith('SELECT%"user"%')
      await terminate('SELECT%"user"%')
    }
    expect(await reading).toMatchObject(unavailable)
    await release()
  }))

it('a write that is cut is unavailable and never repeated', () =>
  withVictim(async ({ client }) => {
    const release = await lockUsers()
    const writing = client.user.create({ data: mason('ben') }).catch((error: unknown) => error)
    await busyWith('INSERT%')
    await terminate('INSERT%')
    expect(await writing).toMatchObject(unavailable)
    await release()
    expect(await client.user.count({ where: { username: 'ben' } })).toBe(0)
  }))

it('a read in a transaction that is cut fails with the transaction', () =>
  withVictim(async ({ client }) => {
    const release = await lockUsers()
    const reading = client.$transaction((tx) => tx.user.count()).catch(toDatabaseError)
    await busyWith('SELECT%"user"%')
    await terminate('SELECT%"user"%')
    expect(await reading).toMatchObject(unavailable)
    await release()
  }))

it('a locked table is a timeout, or no connection, and the health still answers', () =>
  withVictim(async ({ client, pool, ping }) => {
    const release = await lockUsers()
    const asking = Array.from({ length: 8 }, () =>
      client.user.count().then(
        () => 'counted',
        (error: { code: string }) => error.code,
      ),
    )
    await eventually(() => pool.waitingCount > 0)
    await ping()
    expect(new Set(await Promise.all(asking))).toEqual(
      new Set(['database.timeout', 'database.unavailable']),
    )
    await release()
    expect(await client.user.count()).toEqual(expect.any(Number))
    expect(pool.waitingCount).toBe(0)
  }))

it('a database that is down at the start is there when it comes', async () => {
  const { config, log } = test.core
  const proxy = await startTcpProxy(config.databaseUrl)
  await proxy.cut()
  const { client, close } = createDatabase({ config: { ...config, databaseUrl: proxy.url }, log })
  await expect(client.user.count()).rejects.toMatchObject(unavailable)
  await proxy.restore()
  expect(await client.user.count()).toEqual(expect.any(Number))
  await close()
  await proxy.close()
})
