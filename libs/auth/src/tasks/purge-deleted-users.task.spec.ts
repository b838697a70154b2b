import { createUser, startAuth, type TestAuth } from '../testing/index.ts'

const day = 86_400_000
let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth({ AUTH_DELETED_USER_RETENTION: '14d' })
})
afterAll(() => auth.stop())

const purgeTask = () =>
  auth.module.tasks?.find(({ task }) => task.name === 'auth.purge-deleted-users')

async function createDeleted(daysAgo: number): Promise<number> {
  const { user } = await createUser(auth.store)
  const deletedAt = new Date(auth.clock.now().getTime() - daysAgo * day)
  await auth.core.database.client.user.update({ where: { id: user.id }, data: { deletedAt } })
  return user.id
}

it('purge-deleted-users takes out who was deleted before AUTH_DELETED_USER_RETENTION with all that is theirs, and nobody else', async () => {
  const { pool } = auth.core.database
  const old = await createDeleted(15)
  await pool.query(
    `INSERT INTO session (id, user_id, refresh_token_hash, expires_at)
     VALUES (gen_random_uuid(), $1, sha256('token'), now())`,
    [old],
  )
  const young = await createDeleted(13)
  const { user: alive } = await createUser(auth.store)
  const { signal } = new AbortController()
  const job = { id: 'test', attempt: 1, signal, log: auth.core.log, progress: async () => {} }

  expect(await purgeTask()?.run({}, job)).toEqual({ purged: 1 })
  const { rows } = await pool.query('SELECT id FROM "user" ORDER BY id')
  expect(rows).toEqual([{ id: young }, { id: alive.id }])
  expect((await pool.query('SELECT 1 FROM session')).rowCount).toBe(0)
})

it('purge-deleted-users runs by itself once a night', () => {
  expect(purgeTask()).toMatchObject({ schedule: { cron: '47 3 * * *' } })
})
