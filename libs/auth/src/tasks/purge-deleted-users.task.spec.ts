import { eventually, holdTransaction, watchDeletes } from '@ashlar/core/testing'
import { createUser, startAuth, type TestAuth } from '../testing/index.ts'

const day = 86_400_000
let auth: TestAuth

beforeEach(async () => {
  auth = await startAuth({ AUTH_DELETED_USER_RETENTION: '14d' })
})
afterEach(() => auth.stop())

const purgeTask = () =>
  auth.module.tasks?.find(({ task }) => task.name === 'auth.purge-deleted-users')

async function createDeleted(daysAgo: number): Promise<number> {
  const { user } = await createUser(auth.store)
  const deletedAt = new Date(auth.clock.now().getTime() - daysAgo * day)
  await auth.core.database.client.user.update({ where: { id: user.id }, data: { deletedAt } })
  return user.id
}

/** Runs the handler as a worker does. */
async function purge(signal = new AbortController().signal): Promise<unknown> {
  const job = { id: 'test', attempt: 1, signal, log: auth.core.log, progress: async () => {} }
  return purgeTask()?.run({}, job)
}

async function userIds(): Promise<number[]> {
  const { rows } = await auth.core.database.pool.query<{ id: number }>(
    'SELECT id FROM "user" ORDER BY id',
  )
  return rows.map(({ id }) => id)
}

async function purgedEvents(): Promise<unknown[]> {
  const where = { name: 'auth.user-purged' }
  const events = await auth.core.database.client.outboxEvent.findMany({
    where,
    orderBy: { sequence: 'asc' },
  })
  return events.map(({ payload }) => payload)
}

const tables = [
  'session',
  'one_time_token',
  'api_key',
  'former_email',
  'external_identity',
  'recovery_code',
]

/** As many rows of a user in each table that refers to users. */
const fill = (userId: number, count: number) => `
  INSERT INTO session (id, user_id, refresh_token_hash, expires_at)
    SELECT gen_random_uuid(), ${userId}, sha256(n::text::bytea), now() FROM generate_series(1, ${count}) n;
  INSERT INTO one_time_token (id, user_id, purpose, hash, email, expires_at)
    SELECT gen_random_uuid(), ${userId}, 'reset_password', sha256(n::text::bytea), 'a@example.com', now()
    FROM generate_series(1, ${count}) n;
  INSERT INTO api_key (id, user_id, name, hash, hint, scopes, expires_at)
    SELECT gen_random_uuid(), ${userId}, 'key', sha256(n::text::bytea), 'abcd', '{}', now()
    FROM generate_series(1, ${count}) n;
  INSERT INTO former_email (id, user_id, email)
    SELECT gen_random_uuid(), ${userId}, 'a@example.com' FROM generate_series(1, ${count}) n;
  INSERT INTO external_identity (id, user_id, provider, subject, email)
    SELECT gen_random_uuid(), ${userId}, 'google', n, 'a@example.com' FROM generate_series(1, ${count}) n;
  INSERT INTO second_factor (user_id, secret) VALUES (${userId}, 'sealed');
  INSERT INTO recovery_code (hash, user_id)
    SELECT sha256(n::text::bytea), ${userId} FROM generate_series(1, ${count}) n`

it('purge-deleted-users takes out who was deleted before AUTH_DELETED_USER_RETENTION, tells it, and nobody else', async () => {
  const old = [await createDeleted(16), await createDeleted(15)]
  const young = await createDeleted(13)
  const { user: alive } = await createUser(auth.store)
  expect(await purge()).toEqual({ purged: 2 })
  expect(await userIds()).toEqual([young, alive.id])
  expect(await purgedEvents()).toEqual(old.map((userId) => ({ userId })))
  expect(await purge()).toEqual({ purged: 0 })
  expect(await purgedEvents()).toHaveLength(2)
})

it('purge-deleted-users deletes all that is theirs in statements that stay short', async () => {
  const { pool } = auth.core.database
  const id = await createDeleted(15)
  await pool.query(fill(id, 1_001))
  const { rows } = await pool.query<{ name: string }>(
    `SELECT DISTINCT conrelid::regclass::text AS name FROM pg_constraint
     WHERE confrelid IN ('"user"'::regclass, 'second_factor'::regclass) AND contype = 'f'`,
  )
  // A table that is new has to be thought of here too.
  expect(rows.map(({ name }) => name).sort()).toEqual([...tables, 'second_factor'].sort())
  const watches = await Promise.all(tables.map((table) => watchDeletes(pool, table)))
  expect(await purge()).toEqual({ purged: 1 })
  const batches = await Promise.all(watches.map((deleted) => deleted()))
  expect(batches).toEqual(tables.map(() => [500, 500, 1]))
  expect(await userIds()).toEqual([])
})

it('a user that cannot go keeps no other one, and the failure is logged and thrown', async () => {
  const { pool } = auth.core.database
  const kept = await createDeleted(17)
  const next = await createDeleted(16)
  await pool.query(`
    CREATE TABLE invoice (user_id int REFERENCES "user");
    INSERT INTO invoice VALUES (${kept})`)
  await expect(purge()).rejects.toMatchObject({ code: 'request.reference_broken' })
  expect(await userIds()).toEqual([kept])
  expect(await purgedEvents()).toEqual([{ userId: next }])
  expect(auth.lines).toContainEqual(
    expect.objectContaining({ level: 'error', step: `user ${kept}` }),
  )
})

it('a user that is restored meanwhile keeps what opens the account', async () => {
  const { pool } = auth.core.database
  const id = await createDeleted(15)
  await pool.query(fill(id, 1))
  const restoring = await holdTransaction(
    pool,
    `UPDATE "user" SET deleted_at = NULL WHERE id = ${id}`,
  )
  const purging = purge()
  await eventually(restoring.isAwaited)
  await restoring.commit()
  expect(await purging).toEqual({ purged: 0 })
  const { identities, secondFactors } = auth.store
  expect(await identities.countOf(id)).toBe(1)
  expect(await secondFactors.countRecoveryCodes(id)).toBe(1)
  expect(await purgedEvents()).toEqual([])
})

it('purge-deleted-users ends when it is told to', async () => {
  const id = await createDeleted(15)
  expect(await purge(AbortSignal.abort())).toEqual({ purged: 0 })
  expect(await userIds()).toEqual([id])
})

it('purge-deleted-users runs by itself once a night', () => {
  expect(purgeTask()).toMatchObject({ schedule: { cron: '47 3 * * *' } })
})
