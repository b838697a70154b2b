import { parseConfig, type Environment } from '@ashlar/core/config'
import { authConfig } from './auth.config.ts'
import { authEnvironment } from './testing/index.ts'

const parse = (environment: Environment) =>
  parseConfig({ auth: authConfig }, { ...authEnvironment(), ...environment }).auth.signIn

const returnUrl = 'https://app.example.com/signed-in'

describe('the keys of sign-in with providers', () => {
  it('switch nothing on by default', () => {
    expect(parse({})).toBeUndefined()
  })

  it.each(['GOOGLE', 'GITHUB'])('go in pairs: %s', (name) => {
    const [id, secret] = [`AUTH_${name}_CLIENT_ID`, `AUTH_${name}_CLIENT_SECRET`] as const
    expect(() => parse({ [id]: 'x' })).toThrow(`${secret} is missing`)
    expect(() => parse({ [secret]: 'x' })).toThrow(`${id} is missing`)
    expect(() => parse({ [id]: 'x', [secret]: 'x' })).toThrow('AUTH_OAUTH_RETURN_URL is missing')
    expect(parse({ [id]: 'x', [secret]: 'x', AUTH_OAUTH_RETURN_URL: returnUrl })).toMatchObject({
      [name.toLowerCase()]: { clientId: 'x', clientSecret: 'x' },
    })
  })

  it('are told together', () => {
    expect(() => parse({ AUTH_GOOGLE_CLIENT_ID: 'x', AUTH_GITHUB_CLIENT_SECRET: 'x' })).toThrow(
      /AUTH_GOOGLE_CLIENT_SECRET is missing[^]+AUTH_GITHUB_CLIENT_ID is missing/,
    )
  })

  it.each(['http://app.example.com', 'javascript:alert(1)', 'https://app.example.com/?a=b', 'app'])(
    'refuse an address where secrets would not be safe: %s',
    (address) => {
      expect(() => parse({ AUTH_OAUTH_RETURN_URL: address })).toThrow('must be an address')
      expect(() => parse({ AUTH_GITHUB_URL: address })).toThrow('must be an address')
    },
  )

  it('allow http on the own machine', () => {
    expect(() => parse({ AUTH_GITHUB_URL: 'http://localhost:1234' })).not.toThrow()
  })
})
