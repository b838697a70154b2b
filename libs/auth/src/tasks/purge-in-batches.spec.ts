import { watchDeletes } from '@ashlar/core/testing'
import { createUser, startAuth, type TestAuth } from '../testing/index.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth()
})
afterAll(() => auth.stop())

/** 1,001 rows of each kind that nobody needs any more. */
const fill = (userId: number) => `
  INSERT INTO session (id, user_id, refresh_token_hash, expires_at)
    SELECT gen_random_uuid(), ${userId}, sha256(n::text::bytea), '2020-01-01' FROM generate_series(1, 1001) n;
  INSERT INTO one_time_token (id, user_id, purpose, hash, email, expires_at)
    SELECT gen_random_uuid(), ${userId}, 'reset_password', sha256(n::text::bytea), 'a@example.com', '2020-01-01'
    FROM generate_series(1, 1001) n;
  INSERT INTO api_key (id, user_id, name, hash, hint, scopes, expires_at)
    SELECT gen_random_uuid(), ${userId}, 'key', sha256(n::text::bytea), 'abcd', '{}', '2020-01-01'
    FROM generate_series(1, 1001) n;
  INSERT INTO audit_entry (id, action, created_at)
    SELECT gen_random_uuid(), 'logged_in', '2020-01-01' FROM generate_series(1, 1001) n`

it('what nobody needs any more is deleted in statements that stay short, and no longer than the task may', async () => {
  const { pool } = auth.core.database
  const { user } = await createUser(auth.store)
  await pool.query(fill(user.id))
  const tables = ['session', 'one_time_token', 'api_key', 'audit_entry']
  const watches = await Promise.all(tables.map((table) => watchDeletes(pool, table)))
  const batches = () => Promise.all(watches.map((deleted) => deleted()))

  await purge(AbortSignal.abort())
  expect(await batches()).toEqual(tables.map(() => []))
  await purge(new AbortController().signal)
  expect(await batches()).toEqual(tables.map(() => [500, 500, 1]))
})

async function purge(signal: AbortSignal): Promise<void> {
  const job = { id: 'test', attempt: 1, signal, log: auth.core.log, progress: async () => {} }
  for (const name of ['auth.purge-expired-sessions', 'auth.purge-audit-trail'])
    await auth.module.tasks?.find(({ task }) => task.name === name)?.run({}, job)
}
