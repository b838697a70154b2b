import request from 'supertest'
import { buildRegistration, startAuth, type TestAuth } from '../testing/index.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth({ AUTH_REFRESH_TOKEN_TTL: '4h' })
})
afterAll(() => auth.stop())

it('a session that is shorter than the offset of the database server lives as long as it says', async () => {
  const registration = buildRegistration()
  const registered = await request(auth.url).post('/api/v1/auth/register').send(registration)
  const { email, password } = registration
  const answer = await request(auth.url).post('/api/v1/auth/login').send({ email, password })
  const { access_token: token, refresh_token } = answer.body as Record<string, string>
  const profile = () =>
    request(auth.url)
      .get('/api/v1/profile')
      .set({ authorization: `Bearer ${token}` })
  expect((await profile().expect(200)).body).toEqual(registered.body)
  auth.clock.advance(3.9 * 3_600_000)
  await request(auth.url).post('/api/v1/auth/refresh-token').send({ refresh_token }).expect(200)
})
