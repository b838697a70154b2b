import request from 'supertest'
import {
  cloneTestDatabase,
  eventually,
  startTcpProxy,
  type TcpProxy,
  type TestDatabase,
} from '@ashlar/core/testing'
import { authEnvironment, createUser, startAuth, type TestAuth } from '../testing/index.ts'

let database: TestDatabase
let redis: TcpProxy
/** Two processes of one api, which both lost Redis. */
let replicas: [TestAuth, TestAuth]

beforeAll(async () => {
  database = await cloneTestDatabase(process.env['DATABASE_URL'] ?? '', 'replicas')
  redis = await startTcpProxy(process.env['REDIS_URL'] ?? '')
  const environment = {
    ...authEnvironment(),
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    RATE_LIMIT_ENABLED: 'true',
  }
  replicas = [await startAuth(environment), await startAuth(environment)]
  await redis.cut()
})
afterAll(async () => {
  await redis.restore()
  await eventually(() => replicas.every(({ core }) => core.redis.isUp()))
  for (const replica of replicas) await replica.stop()
  await redis.close()
  await database.drop()
})

interface Tokens {
  access_token: string
  refresh_token: string
}

const profileAt = async ({ url }: TestAuth, { access_token: token }: Tokens) =>
  (await request(url).get('/api/v1/profile').set('authorization', `Bearer ${token}`)).status

/** Each way to end a session, by a request to one of the replicas. */
const ends: [string, (url: string, tokens: Tokens, other: Tokens) => request.Test][] = [
  [
    'a log-out',
    (url, { refresh_token }) => request(url).post('/api/v1/auth/logout').send({ refresh_token }),
  ],
  [
    'the end of all other sessions',
    (url, _tokens, { access_token }) =>
      request(url).delete('/api/v1/auth/sessions').set('authorization', `Bearer ${access_token}`),
  ],
  [
    'the end of the account',
    (url, { access_token }) =>
      request(url).delete('/api/v1/profile').set('authorization', `Bearer ${access_token}`),
  ],
]

it.each(ends)(
  '%s at one replica counts at the next request to another, with Redis away',
  async (_name, end) => {
    const [here, there] = replicas
    const { user, password } = await createUser(here.store)
    const credentials = { email: user.email, password }
    const logIn = async () =>
      (await request(here.url).post('/api/v1/auth/login').send(credentials).expect(200))
        .body as Tokens
    const [tokens, other] = [await logIn(), await logIn()]
    // Both have verified the token, and may remember it.
    for (const replica of replicas) expect(await profileAt(replica, tokens)).toBe(200)
    await end(here.url, tokens, other).expect(204)
    for (const replica of [there, here]) expect(await profileAt(replica, tokens)).toBe(401)
    const { refresh_token } = tokens
    await request(there.url).post('/api/v1/auth/refresh-token').send({ refresh_token }).expect(401)
  },
)
