import { randomBytes } from 'node:crypto'
import { parseConfig, type Environment } from '@ashlar/core/config'
import { authConfig } from './auth.config.ts'
import { authEnvironment } from './testing/index.ts'

const parse = (environment: Environment) =>
  parseConfig({ auth: authConfig }, { ...authEnvironment(), ...environment }).auth

const key = () => randomBytes(32).toString('base64')

describe('what is off by default', () => {
  it('is off without its keys', () => {
    expect(parse({})).toMatchObject({
      registrationQuiet: false,
      totpKeys: undefined,
      apiKeysEnabled: false,
    })
  })

  it('the second factor is on with its key, and reads what a second key encrypted', () => {
    const [first, second] = [key(), key()]
    expect(parse({ AUTH_TOTP_KEY: first }).totpKeys).toEqual([first])
    const both = { AUTH_TOTP_KEY: first, AUTH_TOTP_SECOND_KEY: second }
    expect(parse(both).totpKeys).toEqual([first, second])
    expect(() => parse({ AUTH_TOTP_SECOND_KEY: second })).toThrow('AUTH_TOTP_KEY is missing')
  })

  it('second factors are ignored when told so, and never beside the key that checks them', () => {
    expect(parse({}).secondFactorIgnored).toBe(false)
    const ignored = { AUTH_SECOND_FACTOR_IGNORED: 'true' }
    expect(parse(ignored).secondFactorIgnored).toBe(true)
    expect(() => parse({ ...ignored, AUTH_TOTP_KEY: key() })).toThrow(
      'AUTH_SECOND_FACTOR_IGNORED must be false beside AUTH_TOTP_KEY',
    )
  })

  it('the first admin has an e-mail and a password, which is told beside every other fault', () => {
    const wrong = { AUTH_SESSION_LIMIT: 'x', AUTH_TOTP_SECOND_KEY: 'x' }
    expect(() => parse({ ...wrong, AUTH_ADMIN_EMAIL: 'admin@example.com' })).toThrow(
      /AUTH_SESSION_LIMIT must [^]+AUTH_TOTP_SECOND_KEY must [^]+AUTH_TOTP_KEY is missing[^]+AUTH_ADMIN_PASSWORD is missing/,
    )
  })

  it.each([
    'x',
    randomBytes(16).toString('base64'),
    randomBytes(33).toString('base64'),
    key() + 'x',
  ])('a key that has not 32 bytes is refused: %s', (text) => {
    expect(() => parse({ AUTH_TOTP_KEY: text })).toThrow('must be 32 bytes in base64')
  })
})
