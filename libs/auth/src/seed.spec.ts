import { parseConfig, type Environment } from '@ashlar/core/config'
import { createTestCore, type TestCore } from '@ashlar/core/testing'
import { authConfig } from './auth.config.ts'
import { seedAdmin } from './seed.ts'
import { createPasswordHasher } from './services/password-hasher.ts'
import { authEnvironment } from './testing/index.ts'

let test: TestCore

beforeAll(async () => {
  test = await createTestCore()
})
afterAll(() => test.stop())
beforeEach(() => test.core.database.pool.query('TRUNCATE "user" CASCADE'))

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

  it('makes the admin once, and leaves the password that was set since', async () => {
    await seed()
    const before = await findUsers()
    expect(await seed({ AUTH_ADMIN_PASSWORD: 'another one' })).toBe('exists')
    expect(await findUsers()).toEqual(before)
  })

  it('makes the admin once also when it runs twice at the same time', async () => {
    expect((await Promise.all([seed(), seed()])).sort()).toEqual(['created', 'exists'])
    expect(await findUsers()).toHaveLength(1)
  })

  it('makes an admin for another e-mail although the username is taken', async () => {
    await seed()
    expect(await seed({ AUTH_ADMIN_EMAIL: 'other@example.com' })).toBe('created')
    expect((await findUsers()).map(({ username }) => username)).toEqual([
      'admin',
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
