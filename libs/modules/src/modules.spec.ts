import { authEnvironment } from '@ashlar/auth/testing'
import { createTestCore } from '@ashlar/core/testing'
import { composeModules } from './compose.ts'
import { checkConfig, configDefinitions, loadConfig } from './config.ts'

const servers = {
  DATABASE_URL: 'postgresql://localhost/ashlar',
  REDIS_URL: 'redis://localhost',
  SMTP_URL: 'smtp://localhost',
}

describe('the whole configuration', () => {
  it('is loaded for the platform and every module', () => {
    const config = loadConfig({ ...servers, ...authEnvironment(), APP_NAME: 'Quarry' })
    expect(Object.keys(config)).toEqual(Object.keys(configDefinitions))
    expect(config.core.appName).toBe('Quarry')
  })

  it('has faults of the platform and of modules told together', () => {
    const faults = checkConfig({ AUTH_JWT_PRIVATE_KEY: 'no key' })
    expect(faults.map(({ key, problem }) => `${key} ${problem}`)).toEqual([
      'DATABASE_URL is missing',
      'REDIS_URL is missing',
      'SMTP_URL is missing',
      'AUTH_JWT_PRIVATE_KEY must be a P-256 private key, PKCS #8 DER in base64',
    ])
  })

  /** Any text of one line is one of these. */
  const freeText = [
    'AUTH_JWT_ISSUER',
    'AUTH_JWT_AUDIENCE',
    'AUTH_GOOGLE_CLIENT_ID',
    'AUTH_GOOGLE_CLIENT_SECRET',
    'AUTH_GITHUB_CLIENT_ID',
    'AUTH_GITHUB_CLIENT_SECRET',
    'AUTH_ADMIN_PASSWORD',
  ]

  /** Of keys that are missing beside another one. */
  const partners = {
    AUTH_TOTP_KEY: Buffer.alloc(32).toString('base64'),
    AUTH_ADMIN_EMAIL: 'admin@example.com',
    AUTH_ADMIN_PASSWORD: 'granite and marble',
  }

  it('knows a broken value of each key, and tells only of that key', () => {
    const environment = { ...servers, ...authEnvironment(), ...partners }
    const keys = Object.values(configDefinitions).flatMap(({ keys }) => Object.keys(keys))
    for (const key of keys.filter((key) => !freeText.includes(key))) {
      const faults = checkConfig({ ...environment, [key]: '@@ broken @@' })
      expect(faults).toEqual([expect.objectContaining({ key })])
    }
  })

  it('knows keys that do not fit together, with the faults of the other owners', () => {
    const faults = checkConfig({
      ...servers,
      ...authEnvironment(),
      PORT: 'x',
      AUTH_ADMIN_EMAIL: 'admin@example.com',
    })
    expect(faults.map(({ key }) => key)).toEqual(['PORT', 'AUTH_ADMIN_PASSWORD'])
  })

  it('names only modules that exist', () => {
    const environment = { ...servers, ...authEnvironment() }
    expect(checkConfig({ ...environment, MODULES: 'auth' })).toEqual([])
    expect(checkConfig({ ...environment, MODULES: 'auth, nothing' })).toEqual([
      expect.objectContaining({ key: 'MODULES' }),
    ])
  })

  it('has no key that two owners read', () => {
    const keys = Object.values(configDefinitions).flatMap(({ keys }) => Object.keys(keys))
    expect(keys).toEqual([...new Set(keys)])
  })

  it('names the keys of a module after it', () => {
    const modules = Object.entries(configDefinitions).filter(([name]) => name !== 'core')
    for (const [module, { keys }] of modules)
      for (const key of Object.keys(keys)) expect(key).toMatch(new RegExp(`^${module}_`, 'i'))
  })
})

describe('the modules', () => {
  it('name their events, tasks, listeners and errors after themselves', async () => {
    const { core, stop } = await createTestCore()
    const { all } = composeModules(core, loadConfig({ ...servers, ...authEnvironment() }))
    for (const { name, listeners = [], tasks = [], errors = [] } of all)
      for (const named of [
        ...listeners.map(({ id }) => id),
        ...tasks.map(({ task }) => task.name),
        ...errors.map(({ code }) => code),
      ])
        expect(named).toMatch(new RegExp(`^${name}\\.`))
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
    await stop()
  })
})
