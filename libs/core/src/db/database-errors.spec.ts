import { setTimeout as sleep } from 'node:timers/promises'
import { createTestCore, startTcpProxy, type TcpProxy, type TestCore } from '../../testing/index.ts'
import { createDatabase, toDatabaseError, violates, type Database } from './index.ts'

let test: TestCore
let database: Database

beforeAll(async () => {
  test = await createTestCore({ environment: { DATABASE_POOL_SIZE: '2' } })
  database = test.core.database
})
afterAll(() => test.stop())

const mason = (username: string) => ({
  username,
  email: `${username}@example.com`,
  passwordHash: 'none',
})
const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

const timeout = { kind: 'unavailable', code: 'database.timeout', retryAfterSeconds: 1 }
const unavailable = { kind: 'unavailable', code: 'database.unavailable', retryAfterSeconds: 1 }

describe('a unique value that is taken', () => {
  it('is a conflict that tells which index, but not in its message', async () => {
    await database.client.user.create({ data: mason('ada') })
    const error = await caught(database.client.user.create({ data: mason('ada') }))
    expect(error).toMatchObject({
      kind: 'conflict',
      code: 'request.value_taken',
      message: 'The value of "email" is taken already.',
    })
    expect(violates(error, 'user_email_key')).toBe(true)
    expect(violates(error, 'user_username_key')).toBe(false)
    expect(String(error)).not.toMatch(/user_email_key|ada/)
  })

  it('is one for an index over an expression, and for SQL by hand, too', async () => {
    await database.client.user.create({ data: mason('ben') })
    const other = { ...mason('BEN'), email: 'other@example.com' }
    const error = await caught(database.client.user.create({ data: other }))
    expect(violates(error, 'user_username_key')).toBe(true)
    const sql = `INSERT INTO "user" (username, email, password_hash) VALUES ('x', 'ben@example.com', '')`
    expect(violates(await caught(database.client.$executeRawUnsafe(sql)), 'user_email_key')).toBe(
      true,
    )
    const direct = await database.pool.query(sql).catch(toDatabaseError)
    expect(violates(direct, 'user_email_key')).toBe(true)
  })
})

it('a missing row is not found', async () => {
  const error = await caught(
    database.client.user.update({ where: { id: 999 }, data: { username: 'x' } }),
  )
  expect(error).toMatchObject({ kind: 'not_found', code: 'request.not_found' })
})

describe('a value that its column does not take', () => {
  // Messages of PostgreSQL quote rows and those of Prisma the line that asked, so digits and words in them mean nothing:
  // 57014, 55P03, 08006, P2002, statement timeout, Connection terminated.
  it.each([
    ['breaks a check', { ...mason('08006'), email: 'P2002-57014@EXAMPLE.com' }],
    ['is too long', mason('57014'.repeat(20))],
    ['has a NUL', mason('Connection terminated\0')],
    ['is out of range', { ...mason('big'), id: 2 ** 31 }],
  ])('is refused when it %s', async (_name, data) => {
    const error = await caught(database.client.user.create({ data }))
    expect(error).toMatchObject({ kind: 'invalid', code: 'request.value_refused' })
    expect(String(error)).not.toMatch(/08006|57014|Connection/)
  })

  it('is refused when it has no such form', async () => {
    const error = await caught(database.client.session.findUnique({ where: { id: 'no uuid' } }))
    expect(error).toMatchObject({ code: 'request.value_refused' })
  })
})

it('a reference without a target is a conflict that tells which foreign key', async () => {
  const orphan = { userId: 999, refreshTokenHash: Buffer.alloc(32), expiresAt: new Date() }
  const error = await caught(database.client.session.create({ data: orphan }))
  expect(error).toMatchObject({ kind: 'conflict', code: 'request.reference_broken' })
  expect(violates(error, 'session_user_id_fkey')).toBe(true)
  expect(violates(error, 'user_email_key')).toBe(false)
})

describe('a server that cannot do it now is unavailable', () => {
  const unavailable = { kind: 'unavailable', code: 'database.unavailable', retryAfterSeconds: 1 }

  it('when it is a standby, which takes no writes', async () => {
    const work = database.client.$transaction(async (tx) => {
      await tx.$executeRaw`SET TRANSACTION READ ONLY`
      await tx.user.create({ data: mason('standby') })
    })
    expect(await caught(work)).toMatchObject(unavailable)
  })

  it.each(['53100', '53200', '53300', '58030'])(
    'when it has no room or its disk is broken: %s',
    async (code) => {
      await database.pool.query(
        `CREATE OR REPLACE FUNCTION fail() RETURNS trigger AS 'BEGIN RAISE EXCEPTION USING ERRCODE = ''${code}''; END' LANGUAGE plpgsql;
         CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON "user" EXECUTE FUNCTION fail()`,
      )
      const error = await caught(database.client.user.create({ data: mason(`m${code}`) }))
      await database.pool.query('DROP TRIGGER fail ON "user"')
      expect(error).toMatchObject(unavailable)
    },
  )
})

describe('a defect stays one', () => {
  it('with more values than a statement can hold', async () => {
    const ids = Array.from({ length: 40_000 }, (_, index) => index)
    const error = await caught(database.client.user.findMany({ where: { id: { notIn: ids } } }))
    expect(error).toMatchObject({ code: 'P2029' })
  })

  it('with a statement that is no SQL', async () => {
    const error = await caught(database.client.$queryRawUnsafe('SELECT "57014"'))
    expect(error).toMatchObject({ code: 'P2010' })
  })

  it('with a transaction that is used after its end', async () => {
    const late = await database.client.$transaction((tx) => Promise.resolve({ tx }))
    expect(await caught(late.tx.user.count())).toMatchObject({ code: 'P2028' })
  })
})

describe('a server that is too slow', () => {
  it('is a timeout when the statement takes too long', async () => {
    const slow = database.client.$transaction(async (tx) => {
      await tx.$executeRaw`SET LOCAL statement_timeout = 50`
      await tx.$queryRaw`SELECT pg_sleep(5)::text`
    })
    expect(await caught(slow)).toMatchObject(timeout)
  })

  it('is a timeout when another transaction holds the row', async () => {
    const { id } = await database.client.user.create({ data: mason('cyd') })
    const update = { where: { id }, data: { username: 'cyd' } }
    const waiting = database.client.$transaction(async (holder) => {
      await holder.user.update(update)
      await database.client.$transaction(async (tx) => {
        await tx.$executeRaw`SET LOCAL lock_timeout = 50`
        await tx.user.update(update)
      })
    })
    expect(await caught(waiting)).toMatchObject(timeout)
  })

  it('is a timeout when the transaction takes too long', async () => {
    const slow = database.client.$transaction(
      async (tx) => {
        await sleep(150)
        await tx.user.count()
      },
      { timeout: 50 },
    )
    expect(await caught(slow)).toMatchObject(timeout)
  })
})

describe('a pool without a free connection', () => {
  const whileExhausted = <T>(work: () => Promise<T>) =>
    database.client.$transaction(() => database.client.$transaction(() => work()))

  it('is an unavailable database to a query', async () => {
    const query = () => caught(database.client.user.count())
    expect(await whileExhausted(query)).toMatchObject(unavailable)
  })

  // Who waits less than the pool does is refused by Prisma, who waits longer by the pool.
  it.each([200, 3_000])('is one to a transaction that waits for %i ms', async (maxWait) => {
    const begin = () =>
      database.client.$transaction(() => Promise.resolve(), { maxWait }).catch(toDatabaseError)
    expect(await whileExhausted(begin)).toMatchObject(unavailable)
  })

  it('does not look like a dead server to a ping', async () => {
    await whileExhausted(() => database.ping())
  })
})

describe('a server that is away', () => {
  let proxy: TcpProxy
  let away: Database

  beforeEach(async () => {
    const { config, log } = test.core
    proxy = await startTcpProxy(config.databaseUrl)
    away = createDatabase({ config: { ...config, databaseUrl: proxy.url }, log })
    await away.client.user.count()
  })
  afterEach(async () => {
    await proxy.restore()
    await away.close()
    await proxy.close()
  })

  it('is unavailable to queries, transactions and pings, and back by itself', async () => {
    await proxy.cut()
    const { client } = away
    expect(await caught(client.user.count())).toMatchObject(unavailable)
    expect(await client.$transaction((tx) => tx.user.count()).catch(toDatabaseError)).toMatchObject(
      unavailable,
    )
    expect(await caught(away.ping())).toMatchObject(unavailable)
    await proxy.restore()
    await away.ping()
    expect(await client.user.count()).toEqual(expect.any(Number))
  })

  it('is unavailable when it goes in the middle of a statement', async () => {
    const asking = caught(away.client.$queryRaw`SELECT pg_sleep(5)::text`)
    await sleep(100)
    await proxy.cut()
    expect(await asking).toMatchObject(unavailable)
  })

  it('is unavailable when it goes in the middle of a transaction or before its commit', async () => {
    const { client } = away
    const inTheMiddle = client.$transaction(async (tx) => {
      await proxy.cut()
      await tx.user.count()
    })
    expect(await caught(inTheMiddle)).toMatchObject(unavailable)
    await proxy.restore()
    const beforeCommit = client.$transaction(async (tx) => {
      await tx.user.count()
      await proxy.cut()
      await sleep(50)
    })
    expect(await beforeCommit.catch(toDatabaseError)).toMatchObject(unavailable)
  })

  it('is unavailable when an operator ends the connection', async () => {
    const asking = caught(away.client.$queryRaw`SELECT pg_sleep(5)::text, 'to be ended'`)
    await sleep(100)
    await database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()`,
      ['%to be ended%'],
    )
    expect(await asking).toMatchObject(unavailable)
  })

  it('is unavailable to a ping after a second when it is frozen', async () => {
    proxy.freeze()
    const begun = Date.now()
    expect(await caught(away.ping())).toMatchObject(unavailable)
    expect(Date.now() - begun).toBeLessThan(5_000)
  })

  it('is a timeout when it freezes under an open connection', async () => {
    proxy.freeze()
    expect(await caught(away.client.user.count())).toMatchObject(timeout)
  })
})
