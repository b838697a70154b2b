import { createTestCore, eventually, startTcpProxy, type TestCore } from '../../testing/index.ts'
import type { AppError } from '../errors/index.ts'
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

/** Ends connections of the victim whose last statement is like this, waits until they are gone, and tells how many. */
async function terminate(like: string): Promise<number> {
  const { rows } = await test.core.database.pool.query(
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
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
async function whileUsersAreLocked<T>(work: (release: () => Promise<unknown>) => Promise<T>) {
  const holder = await test.core.database.pool.connect()
  try {
    await holder.query('BEGIN; LOCK TABLE "user" IN ACCESS EXCLUSIVE MODE')
    return await work(() => holder.query('COMMIT'))
  } finally {
    await holder.query('ROLLBACK')
    holder.release()
  }
}

/** Begins it now: a query of Prisma waits for somebody to wait for it. */
const begun = <T>(query: PromiseLike<T>): Promise<T> => Promise.resolve(query)
const caught = (work: PromiseLike<unknown>): Promise<unknown> =>
  begun(work).catch((error: unknown) => error)

it('idle connections that were cut go unnoticed', () =>
  withVictim(async ({ client, pool }) => {
    for (let round = 1; round <= 3; round += 1) {
      await Promise.all([client.user.count(), client.user.count(), client.user.count()])
      expect(await terminate('%')).toBeGreaterThan(0)
      await eventually(async () => (await terminate('%')) === 0 && pool.totalCount === 0)
      expect(await client.user.count()).toEqual(expect.any(Number))
      await client.user.deleteMany()
    }
  }))

it('a read that is cut is asked once more', () =>
  withVictim(async ({ client }) => {
    await client.user.create({ data: mason('ada') })
    await whileUsersAreLocked(async (release) => {
      const reading = begun(client.user.findMany({ where: { username: 'ada' } }))
      await busyWith('SELECT%"user"%')
      expect(await terminate('SELECT%"user"%')).toBe(1)
      await busyWith('SELECT%"user"%')
      await release()
      expect(await reading).toMatchObject([{ username: 'ada' }])
    })
  }))

it('a read by hand-written SQL is asked once more, too', () =>
  withVictim(({ read }) =>
    whileUsersAreLocked(async (release) => {
      const statement = { name: 'names', text: 'SELECT username FROM "user" WHERE username = $1' }
      const reading = read<{ username: string }>(statement, ['ada'])
      await busyWith('SELECT username%')
      expect(await terminate('SELECT username%')).toBe(1)
      await busyWith('SELECT username%')
      await release()
      expect(await reading).toEqual([{ username: 'ada' }])
    }),
  ))

it('a read that is cut twice is unavailable', () =>
  withVictim(({ client }) =>
    whileUsersAreLocked(async () => {
      const reading = caught(client.user.count())
      for (let cuts = 0; cuts < 2; cuts += 1) {
        await busyWith('SELECT%"user"%')
        await terminate('SELECT%"user"%')
      }
      expect(await reading).toMatchObject(unavailable)
    }),
  ))

it('a write that is cut is unavailable and never repeated', () =>
  withVictim(async ({ client }) => {
    await whileUsersAreLocked(async () => {
      const writing = caught(client.user.create({ data: mason('ben') }))
      await busyWith('INSERT%')
      await terminate('INSERT%')
      expect(await writing).toMatchObject(unavailable)
    })
    expect(await client.user.count({ where: { username: 'ben' } })).toBe(0)
  }))

it('a read in a transaction that is cut fails with the transaction', () =>
  withVictim(({ client }) =>
    whileUsersAreLocked(async () => {
      const reading = client.$transaction((tx) => tx.user.count()).catch(toDatabaseError)
      await busyWith('SELECT%"user"%')
      await terminate('SELECT%"user"%')
      expect(await reading).toMatchObject(unavailable)
    }),
  ))

it('a locked table is a timeout, or no connection, and the health still answers', () =>
  withVictim(async ({ client, pool, ping }) => {
    await whileUsersAreLocked(async () => {
      const asking = Array.from({ length: 8 }, () => caught(client.user.count()))
      await eventually(() => pool.waitingCount > 0)
      await ping()
      const codes = (await Promise.all(asking)).map((error) => (error as AppError).code)
      expect(new Set(codes)).toEqual(new Set(['database.timeout', 'database.unavailable']))
    })
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
