import { randomBytes, randomUUID } from 'node:crypto'
import { holdTransaction } from '@ashlar/core/testing'
import { createUser, startAuth, type TestAuth } from '../testing/index.ts'

const day = 86_400_000
let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth()
})
afterAll(() => auth.stop())

it('purge-expired-sessions deletes what expired over 30 days ago, and nothing else', async () => {
  const { user } = await createUser(auth.store)
  const now = auth.clock.now()
  const create = (daysAgo: number) =>
    auth.store.sessions.create({
      userId: user.id,
      id: randomUUID(),
      refreshTokenHash: randomBytes(32),
      client: { device: undefined, address: undefined },
      now,
      expiresAt: new Date(now.getTime() - daysAgo * day),
    })
  await create(31)
  await create(30.5)
  const kept = [await create(29), await create(0), await create(-7)]

  expect(await purge()).toEqual({ purged: 2 })
  const left = await auth.core.database.client.session.findMany({ orderBy: { id: 'asc' } })
  expect(left.map(({ id }) => id).sort()).toEqual(kept.map(({ id }) => id).sort())
  expect(await purge()).toEqual({ purged: 0 })
})

it('purge-expired-sessions deletes the expired tokens of mails', async () => {
  const { user } = await createUser(auth.store)
  const values = { userId: user.id, email: user.email }
  await auth.issue('reset_password', { ...values, ttlMs: 1 })
  await auth.issue('verify_email', { ...values, ttlMs: day })
  auth.clock.advance(2)
  await purge()
  const left = await auth.core.database.client.oneTimeToken.findMany()
  expect(left).toMatchObject([{ purpose: 'verify_email' }])
})

it('purge-expired-sessions deletes former addresses of 30 days ago, and counts of mails of the day before', async () => {
  const { user } = await createUser(auth.store)
  const { formerEmail, mailCount } = auth.core.database.client
  const ago = (days: number) => new Date(auth.clock.now().getTime() - days * day)
  for (const days of [31, 29])
    await formerEmail.create({
      data: { userId: user.id, email: `${days}@example.com`, endedAt: ago(days) },
    })
  for (const days of [1.1, 0.9])
    await mailCount.create({ data: { key: randomBytes(32), updatedAt: ago(days) } })
  await purge()
  expect(await formerEmail.findMany()).toMatchObject([{ email: '29@example.com' }])
  expect(await mailCount.findMany()).toMatchObject([{ updatedAt: ago(0.9) }])
})

it.each(['session', 'api_key', 'former_email', 'one_time_token', 'mail_count'])(
  'purge-expired-sessions clears the other tables when %s is locked, logs it and fails',
  async (locked) => {
    const { pool } = auth.core.database
    const { user } = await createUser(auth.store)
    await pool.query(fillAll(user.id))
    const holding = await holdTransaction(pool, `LOCK TABLE ${locked} IN SHARE MODE`)
    await expect(purge()).rejects.toMatchObject({ kind: 'unavailable' })
    await holding.rollback()
    expect(await countsOf(user.id)).toEqual({ ...noneLeft, [locked]: 1 })
    const failures = auth.lines.filter(({ step }) => step !== undefined)
    expect(failures).toMatchObject([{ level: 'error' }])
    auth.lines.length = 0
    await purge()
    expect(await countsOf(user.id)).toEqual(noneLeft)
  },
)

const noneLeft = { session: 0, api_key: 0, former_email: 0, one_time_token: 0, mail_count: 0 }

/** A row of each kind that is over. */
const fillAll = (userId: number) => `
  INSERT INTO session (id, user_id, refresh_token_hash, expires_at)
    VALUES (gen_random_uuid(), ${userId}, sha256('s'), '2020-01-01');
  INSERT INTO api_key (id, user_id, name, hash, hint, scopes, expires_at)
    VALUES (gen_random_uuid(), ${userId}, 'key', sha256('k'), 'abcd', '{}', '2020-01-01');
  INSERT INTO former_email (id, user_id, email, ended_at)
    VALUES (gen_random_uuid(), ${userId}, 'a@example.com', '2020-01-01');
  INSERT INTO one_time_token (id, user_id, purpose, hash, email, expires_at)
    VALUES (gen_random_uuid(), ${userId}, 'reset_password', sha256('t'), 'a@example.com', '2020-01-01');
  INSERT INTO mail_count (key, updated_at) VALUES (sha256('m'), '2020-01-01')`

async function countsOf(userId: number): Promise<unknown> {
  const of = (table: string) =>
    `(SELECT count(*)::int FROM ${table} WHERE user_id = ${userId}) AS ${table}`
  const { rows } = await auth.core.database.pool.query(
    `SELECT ${['session', 'api_key', 'former_email', 'one_time_token'].map(of).join(', ')},
       (SELECT count(*)::int FROM mail_count WHERE key = sha256('m')) AS mail_count`,
  )
  return rows[0]
}

/** Runs the handler as a worker does. */
async function purge(): Promise<unknown> {
  const handler = auth.module.tasks?.find(({ task }) => task.name === 'auth.purge-expired-sessions')
  const { signal } = new AbortController()
  return handler?.run(
    {},
    {
      id: 'test',
      attempt: 1,
      signal,
      log: auth.core.log,
      progress: async () => {},
    },
  )
}

it('purge-expired-sessions runs by itself once a night', () => {
  const handler = auth.module.tasks?.find(({ task }) => task.name === 'auth.purge-expired-sessions')
  expect(handler).toMatchObject({ schedule: { cron: '17 3 * * *' } })
})
