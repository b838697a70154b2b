import { createHash, randomBytes } from 'node:crypto'
import { buildRegistration } from '@ashlar/auth/testing'
import { readRoutes } from '../testing/documented-routes.ts'
import { everyOption } from '../testing/every-option.ts'
import { expectProblem } from '../testing/expect-problem.ts'
import { serveApi, type TestApi } from '../testing/serve-api.ts'

const started: TestApi[] = []
async function serve(environment: Record<string, string>): Promise<TestApi> {
  const api = await serveApi(environment)
  started.push(api)
  return api
}
afterEach(async () => {
  for (const api of started.splice(0)) await api.stop()
})

const login = '/api/v1/auth/login'

const cheapHashes = { AUTH_PASSWORD_MEMORY: '128', AUTH_PASSWORD_PASSES: '1' }

describe('who guesses passwords', () => {
  it('gains nothing by another spelling of the path or by a forged address', async () => {
    const api = await serve({ RATE_LIMIT_ENABLED: 'true', ...cheapHashes })
    const body = { email: 'mason@example.com', password: 'not the password' }
    const guess = (path: string, n: number) =>
      api.ask('POST', path, {
        headers: {
          'x-forwarded-for': `203.0.113.${n}`,
          forwarded: `for=203.0.113.${n}`,
          'x-real-ip': `203.0.113.${n}`,
          'x-client-ip': `203.0.113.${n}`,
          'cf-connecting-ip': `203.0.113.${n}`,
        },
        body,
      })
    const codes = []
    for (let n = 0; n < 10; n += 1) codes.push((await guess(login, n)).status)
    expect(codes).toEqual(Array(10).fill(401))
    for (const path of [login, `${login}?a=${Math.random()}`])
      expect((await guess(path, 99)).status).toBe(429)
    for (const path of [`${login}/`, `/${login}`, '/api/v1/auth/LOGIN', '/api/v1//auth/login'])
      expect((await guess(path, 99)).status).toBe(404)
    const escaped = await guess('/api/v1/auth/%6Cogin', 99)
    expect([404, 429]).toContain(escaped.status)
  })

  it('is held in an account by all failures of one subscriber, whatever the spelling and the route', async () => {
    const api = await serve({ RATE_LIMIT_ENABLED: 'true', TRUST_PROXY: '1', ...cheapHashes })
    const { email, password, headers } = await api.signUp()
    const wrong = 'not the password'
    // One /64 of IPv6.
    const from = (host: number) => ({ 'x-forwarded-for': `2001:db8::${host}` })
    const guess = (email: string, password: string, headers: object) =>
      api.ask('POST', login, { headers: { ...headers }, body: { email, password } })
    const spellings = [email, ` ${email.toUpperCase()}`, `${email}\t`]
    for (let n = 0; n < 5; n += 1) {
      expect((await guess(spellings[n % 3] ?? '', wrong, from(n))).status).toBe(401)
      const sent = { headers: { ...headers, ...from(n + 5) }, body: { currentPassword: wrong } }
      expect((await api.ask('PATCH', '/api/v1/profile', sent)).status).toBe(403)
    }
    const held = await guess(email, password, from(99))
    expect(held.status).toBe(429)
    expect(held.headers['ratelimit-policy']).toContain('"login-failures"')
    const elsewhere = await guess(email, password, { 'x-forwarded-for': '2001:db8:0:1::1' })
    expect(elsewhere.status).toBe(200)
  })
})

it('a refused request hashes no password', async () => {
  // One password at a time, none waits: whoever needs a hash while another is made is answered 503.
  const api = await serve({
    RATE_LIMIT_ENABLED: 'true',
    AUTH_PASSWORD_AT_ONCE: '1',
    AUTH_PASSWORD_QUEUE: '0',
    AUTH_PASSWORD_PASSES: '150',
  })
  const post = (path: string, body: object) => api.ask('POST', `/api/v1/auth/${path}`, { body })
  for (let n = 0; n < 9; n += 1) await post('login', {})
  const both = [post('register', buildRegistration()), post('register', buildRegistration())]
  expect((await Promise.race(both)).status).toBe(503)
  const password = 'stone upon stone'
  await post('login', {})
  const statuses = [
    (await post('login', { email: 'mason@example.com', password })).status,
    (await post('register', buildRegistration({ password: 'a'.repeat(129) }))).status,
    (await post('register', buildRegistration({ email: 'nobody' }))).status,
    (await post('register', { ...buildRegistration(), role: 'admin' })).status,
    (await post('reset-password', { token: 'unknown', password })).status,
    (await api.ask('PATCH', '/api/v1/profile', { body: { password } })).status,
  ]
  expect(statuses).toEqual([429, 422, 422, 422, 400, 401])
  // All of them came while the first was still being hashed.
  expect((await post('register', buildRegistration())).status).toBe(503)
  const ends = (await Promise.all(both)).map(({ status }) => status)
  expect(ends.toSorted()).toEqual([201, 503])
})

it('while too many passwords are hashed, every route that hashes one answers 503, and says when to come again', async () => {
  const api = await serve({
    ...everyOption(),
    AUTH_PASSWORD_AT_ONCE: '1',
    AUTH_PASSWORD_QUEUE: '0',
    AUTH_PASSWORD_PASSES: '150',
  })
  const { id, email, password, headers } = await api.signUp()
  const token = await issueResetToken(api, { userId: id, email })
  const own = { currentPassword: password }
  const bodies: Record<string, object> = {
    'post /api/v1/auth/register': buildRegistration(),
    'post /api/v1/auth/login': { email, password },
    'post /api/v1/auth/reset-password': { token, password: 'stone upon stone' },
    'patch /api/v1/profile': own,
    'post /api/v1/auth/second-factor': own,
    'post /api/v1/auth/second-factor/recovery-codes': { ...own, code: '000000' },
    'post /api/v1/auth/second-factor/disable': { ...own, code: '000000' },
    'post /api/v1/auth/api-keys': { ...own, name: 'import', scopes: ['users:read'] },
  }
  const routes = (await readRoutes(api)).filter(({ problems }) =>
    problems.includes('auth.overloaded'),
  )
  expect(routes.map(({ name }) => name).toSorted()).toEqual(Object.keys(bodies).toSorted())
  const register = () => api.ask('POST', '/api/v1/auth/register', { body: buildRegistration() })
  const both = [register(), register()]
  expect((await Promise.race(both)).status).toBe(503)
  for (const { name, method, path } of routes) {
    const answer = await api.ask(method, path, { headers, body: bodies[name] })
    expectProblem(answer, 503, 'auth.overloaded')
    expect(answer.headers['retry-after']).toBe('2')
  }
  await Promise.all(both)
})

/** As a mail would carry it. */
async function issueResetToken(api: TestApi, whose: { userId: number; email: string }) {
  const token = randomBytes(32).toString('base64url')
  const hash = Uint8Array.from(createHash('sha256').update(token).digest())
  const expiresAt = new Date(Date.now() + 60_000)
  await api.core.database.client.oneTimeToken.create({
    data: { ...whose, purpose: 'reset_password', hash, expiresAt },
  })
  return token
}
