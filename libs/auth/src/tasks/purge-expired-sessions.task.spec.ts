import { randomBytes, randomUUID } from 'node:crypto'
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
