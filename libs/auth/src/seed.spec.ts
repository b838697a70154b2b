import { parseConfig, type Environment } from '@ashlar/core/config'
import { createTestCore, eventually, holdTransaction, type TestCore } from '@ashlar/core/testing'
import { authConfig } from './auth.config.ts'
import { seedAdmin } from './seed.ts'
import { createPasswordHasher } from './services/password-hasher.ts'
import { authEnvironment } from './testing/index.ts'

let test: TestCore

beforeAll(async () => {
  test = await createTestCore()
})
afterAll(() => test.stop())
beforeEach(() => test.core.database.pool.query('TRUNCATE "user", first_admin CASCADE'))

function seed(environment: Environment = {}) {
  const admin = { AUTH_ADMIN_EMAIL: 'Admin@Example.com', AUTH_ADMIN_PASSWORD: 'cut by hand' }
  const values = { ...authEnvironment(), ...admin, ...environment }
  return seedAdmin(test.core, parseConfig({ auth: authConfig }, values).auth)
}
const findUsers = () => test.core.database.client.user.findMany({ orderBy: { id: 'asc' } })

describe('the seed', () => {
  it('makes an active admin with a verified e-mail, who can log in', async () => {
    expect(await seed()).toBe('created')
    const [admin] = await findUsers()
    expect(admin).toMatchObject({
      username: 'admin',
      email: 'admin@example.com',
      role: 'admin',
      status: 'active',
      emailVerifiedAt: expect.any(Date),
    })
    const { passwords } = parseConfig({ auth: authConfig }, authEnvironment()).auth
    const hasher = createPasswordHasher(passwords)
    expect(await hasher.verify(admin?.passwordHash, 'cut by hand')).toBe(true)
    expect(await test.core.database.client.outboxEvent.count()).toBe(0)
  })

  it('notes the admin in the audit trail', async () => {
    await seed()
    const [admin] = await findUsers()
    const entries = await test.core.database.client.auditEntry.findMany({
      where: { userId: admin!.id },
    })
    expect(entries).toMatchObject([{ action: 'admin_seeded', actorId: null, details: null }])
  })

  it('makes the admin once, and leaves the password that was set since', async () => {
    await seed()
    const before = await findUsers()
    expect(await seed({ AUTH_ADMIN_PASSWORD: 'another one' })).toBe('had one')
    expect(await findUsers()).toEqual(before)
  })

  it.each([
    ['has another e-mail', `UPDATE "user" SET email = 'mason@example.com'`],
    ['was deleted', 'UPDATE "user" SET deleted_at = now()'],
    ['was demoted', `UPDATE "user" SET role = 'user'`],
    ['was demoted and has another e-mail', `UPDATE "user" SET role = 'user', email = 'a@b.test'`],
    ['is inactive', `UPDATE "user" SET status = 'inactive'`],
    ['was purged', 'DELETE FROM "user"'],
  ])('makes nobody after the admin %s', async (_name, change) => {
    await seed()
    const { pool } = test.core.database
    await pool.query(change)
    const users = 'SELECT * FROM "user"'
    const { rows: before } = await pool.query(users)
    expect(await seed()).toBe('had one')
    expect(await seed({ AUTH_ADMIN_EMAIL: 'other@example.com' })).toBe('had one')
    expect((await pool.query(users)).rows).toEqual(before)
  })

  it('makes nobody where an admin came otherwise, and remembers that when he is gone', async () => {
    const { client, pool } = test.core.database
    const other = { username: 'mason', email: 'mason@example.com', role: 'admin' as const }
    await client.user.create({ data: { ...other, deletedAt: new Date() } })
    expect(await seed()).toBe('had one')
    await pool.query('DELETE FROM "user"')
    expect(await seed()).toBe('had one')
    expect(await findUsers()).toEqual([])
  })

  it('makes nobody of an account that is no admin and has the e-mail, and the admin later', async () => {
    const { client } = test.core.database
    await client.user.create({ data: { username: 'mason', email: 'admin@example.com' } })
    expect(await seed()).toBe('e-mail taken')
    expect(await findUsers()).toMatchObject([{ username: 'mason', role: 'user' }])
    expect(await seed({ AUTH_ADMIN_EMAIL: 'other@example.com' })).toBe('created')
  })

  it('makes the admin once also when it runs twice at the same time', async () => {
    const { pool } = test.core.database
    const held = await holdTransaction(pool, 'LOCK TABLE first_admin IN SHARE MODE')
    const other = { AUTH_ADMIN_EMAIL: 'other@example.com' }
    const both = Promise.all([seed(), seed(other)])
    await eventually(held.isAwaited)
    await held.commit()
    expect((await both).sort()).toEqual(['created', 'had one'])
    expect(await findUsers()).toHaveLength(1)
  })

  it('waits for another seed, and makes the admin if that one failed', async () => {
    const { pool } = test.core.database
    const failing = await holdTransaction(pool, 'INSERT INTO first_admin DEFAULT VALUES')
    const waiting = seed()
    await eventually(failing.isAwaited)
    await failing.rollback()
    expect(await waiting).toBe('created')
  })

  it('makes an admin with another name where the username is taken', async () => {
    const { client } = test.core.database
    await client.user.create({ data: { username: 'Admin', email: 'mason@example.com' } })
    expect(await seed()).toBe('created')
    expect((await findUsers()).map(({ username }) => username)).toEqual([
      'Admin',
      expect.stringMatching(/^admin-[0-9a-f]{8}$/),
    ])
  })

  it('makes nobody where no admin is configured', async () => {
    const none = { AUTH_ADMIN_EMAIL: undefined, AUTH_ADMIN_PASSWORD: undefined }
    expect(await seed(none)).toBe('not configured')
    expect(await findUsers()).toEqual([])
  })

  it('is not reached with half of an admin', () => {
    const without = (key: string) => () => seed({ [key]: undefined })
    expect(without('AUTH_ADMIN_EMAIL')).toThrow('AUTH_ADMIN_EMAIL is missing')
    expect(without('AUTH_ADMIN_PASSWORD')).toThrow('AUTH_ADMIN_PASSWORD is missing')
  })

  it('is not reached with an e-mail or a password that could not log in', () => {
    expect(() => seed({ AUTH_ADMIN_EMAIL: 'admin' })).toThrow('must be an e-mail address')
    expect(() => seed({ AUTH_ADMIN_PASSWORD: 'short' })).toThrow('must have 8 to 128 characters')
    expect(() => seed({ AUTH_ADMIN_PASSWORD: 'x'.repeat(129) })).toThrow('must have 8 to 128')
    expect(() => seed({ AUTH_ADMIN_PASSWORD: 'Password123' })).toThrow('not be a common password')
  })
})
