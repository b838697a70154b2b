import request from 'supertest'
import { createUser, startAuth, type TestAuth } from '../testing/index.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth({ RATE_LIMIT_ENABLED: 'true', TRUST_PROXY: '1' })
})
afterAll(() => auth.stop())

let lastAddress = 0
/** Documentation addresses (RFC 5737), a new one at each call. */
function newAddress(): string {
  lastAddress += 1
  return `203.0.113.${lastAddress % 250}, 198.51.${100 + Math.floor(lastAddress / 250)}.${lastAddress % 250}`
}

const logIn = (email: string, password: string, address: string) =>
  request(auth.url)
    .post('/api/v1/auth/login')
    .set('x-forwarded-for', address)
    .send({ email, password })

async function account() {
  const { user, password } = await createUser(auth.store)
  return { email: user.email, password }
}

/** As if so many had been wrong, from as many addresses, without hashing as often. */
async function failEverywhere(email: string, times: number): Promise<void> {
  const failures = auth.core.rateLimits.limiter({
    name: 'account-failures',
    max: 100,
    windowMs: 15 * 60_000,
  })
  for (let count = 0; count < times; count += 1) await failures.fail(email)
}

describe('log-ins that fail', () => {
  it('are held after ten from one address, also with the right password, for that account alone', async () => {
    const { email, password } = await account()
    const address = newAddress()
    for (let count = 0; count < 9; count += 1) {
      const answer = await logIn(email, 'wrong password', address).expect(401)
      expect(answer.body.code).toBe('auth.invalid_credentials')
    }
    const other = await account()
    // The route itself takes ten a minute from one address.
    const elsewhere = (count: number) => `${address.split(', ')[0]}, 192.0.2.${count}`
    expect((await logIn(other.email, other.password, elsewhere(1))).status).toBe(200)
    await logIn(email, 'wrong password', address).expect(401)
    const held = await logIn(email, password, address).expect(429)
    expect(held.body.code).toBe('request.rate_limited')
    expect(Number(held.headers['retry-after'])).toBeGreaterThan(0)
    await logIn(email, password, newAddress()).expect(200)
  })

  it('hold an account after a hundred from everywhere, but not where it is signed in', async () => {
    const { email, password } = await account()
    const home = newAddress()
    const login = await logIn(email, password, home).expect(200)
    await failEverywhere(email, 99)
    await logIn(email, 'wrong password', newAddress()).expect(401)
    const stranger = newAddress()
    const held = await logIn(email, password, stranger).expect(429)
    expect(held.headers['ratelimit-policy']).toContain('"account-failures"; q=100; w=900')
    await logIn(email, password, home).expect(200)
    await logIn(email, 'wrong password', home).expect(401)
    // What is open stays open, wherever its owner is now.
    const away = { 'x-forwarded-for': newAddress() }
    const { access_token, refresh_token } = login.body as Record<string, string>
    await request(auth.url)
      .get('/api/v1/profile')
      .set({ ...away, authorization: `Bearer ${access_token}` })
      .expect(200)
    await request(auth.url)
      .post('/api/v1/auth/refresh-token')
      .set(away)
      .send({ refresh_token })
      .expect(200)
    await logIn(email, password, away['x-forwarded-for']).expect(200)
  })

  it('are no more than the limit when many are tried at once', async () => {
    const { email, password } = await account()
    const address = newAddress()
    const headers = { 'x-forwarded-for': address }
    const token = (await logIn(email, password, newAddress()).expect(200)).body
      .access_token as string
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        request(auth.url)
          .patch('/api/v1/profile')
          .set({ ...headers, authorization: `Bearer ${token}` })
          .send({ currentPassword: `guess ${n}` }),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 403)).toHaveLength(10)
    expect(statuses.filter((status) => status === 429)).toHaveLength(30)
  })

  it('do not count when they succeed, or when nobody looked', async () => {
    const { email, password } = await account()
    const address = newAddress()
    const token = (await logIn(email, password, address).expect(200)).body.access_token as string
    for (let count = 0; count < 15; count += 1)
      await request(auth.url)
        .patch('/api/v1/profile')
        .set({ 'x-forwarded-for': address, authorization: `Bearer ${token}` })
        .send({ currentPassword: password })
        .expect(200)
    await logIn(email, 'wrong password', address).expect(401)
    await logIn(email, password, address).expect(200)
  })

  it('hold an unknown account as they hold a known one', async () => {
    const email = 'nobody@example.com'
    await failEverywhere(email, 100)
    await logIn(email, 'whatever it is', newAddress()).expect(429)
  })

  it('include wrong current passwords in the profile', async () => {
    const { email, password } = await account()
    const address = newAddress()
    const login = await logIn(email, password, address).expect(200)
    const patch = (currentPassword: string) =>
      request(auth.url)
        .patch('/api/v1/profile')
        .set('authorization', `Bearer ${login.body.access_token}`)
        .set('x-forwarded-for', address)
        .send({ password: 'stones upon stones', currentPassword })
    for (let count = 0; count < 10; count += 1) await patch('wrong password').expect(403)
    await patch(password).expect(429)
  })
})

it.each([
  ['register', {}],
  ['login', {}],
  ['restore-password', {}],
  ['reset-password', {}],
  ['refresh-token', {}],
  ['verify-email', {}],
  ['verify-email/resend', {}],
])('POST /auth/%s is asked ten times a minute from one address', async (path, body) => {
  const address = newAddress()
  const post = () =>
    request(auth.url).post(`/api/v1/auth/${path}`).set('x-forwarded-for', address).send(body)
  for (let count = 0; count < 10; count += 1) {
    const answer = await post().expect(422)
    expect(answer.headers['ratelimit-policy']).toMatch(/q=10; w=60/)
  }
  const answer = await post().expect(429)
  expect(answer.headers['retry-after']).toMatch(/^\d+$/)
  expect(answer.headers['ratelimit']).toMatch(/r=0/)
})
