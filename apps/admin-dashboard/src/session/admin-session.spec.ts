import { randomBytes } from 'node:crypto'
import {
  createAuthenticator,
  createUser,
  signIn,
  startAuth,
  type TestAuth,
} from '@ashlar/auth/testing'
import { eventually, startTcpProxy, type TcpProxy } from '@ashlar/core/testing'
import { cookieOf, logInAdmin, serveAdmin, type TestAdmin } from '../testing/serve-admin.ts'

let redis: TcpProxy
let auth: TestAuth
let admin: TestAdmin
/** Another process of the dashboard. */
let replica: TestAdmin
/** Somebody who administers the accounts of the others. */
let operator: Headers

type Headers = Record<string, string>

beforeAll(async () => {
  redis = await startTcpProxy(process.env['REDIS_URL'] ?? '')
  auth = await startAuth({
    REDIS_URL: redis.url,
    AUTH_TOTP_KEY: randomBytes(32).toString('base64'),
  })
  const modules = { auth: auth.module, all: [auth.module] }
  admin = await serveAdmin(auth.core, modules)
  replica = await serveAdmin(auth.core, modules)
  const { user, password } = await createUser(auth.store, { role: 'admin' })
  operator = await signIn(auth.url, { email: user.email, password })
})
afterEach(async () => {
  await redis.restore()
  await eventually(() => auth.core.redis.isUp())
})
afterAll(async () => {
  await replica.stop()
  await admin.stop()
  await auth.stop()
  await redis.close()
})

/** An administrator with a session at the api, and one at the dashboard. */
async function loggedIn() {
  const { user, password } = await createUser(auth.store, {
    role: 'admin',
    emailVerifiedAt: new Date(),
  })
  const credentials = { email: user.email, password }
  const headers = await signIn(auth.url, credentials)
  const answer = await admin.logIn(credentials, { 'user-agent': 'the browser at home' })
  return { user, password, credentials, headers, cookie: cookieOf(answer) }
}

type LoggedIn = Awaited<ReturnType<typeof loggedIn>>

function askApi(method: string, path: string, headers: Headers, body?: object) {
  return fetch(`${auth.url}/api/v1${path}`, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
}

async function succeed(method: string, path: string, headers: Headers, body?: object) {
  const answer = await askApi(method, path, headers, body)
  if (!answer.ok) throw new Error(`${method} ${path} was refused with ${answer.status}.`)
  return answer.status === 204 ? undefined : ((await answer.json()) as { data: unknown }).data
}

const statusAt = async ({ ask }: TestAdmin, headers: Headers) =>
  (await ask('/account', { headers })).status

/** The dashboard's session among those of its user. */
async function findInList({ headers }: LoggedIn) {
  const sessions = (await succeed('GET', '/auth/sessions', headers)) as {
    id: string
    device: string
  }[]
  return sessions.find(({ device }) => device === 'the browser at home')
}

async function enableSecondFactor({ headers, password }: LoggedIn): Promise<void> {
  const path = '/auth/second-factor'
  const begun = await succeed('POST', path, headers, { currentPassword: password })
  const app = createAuthenticator((begun as { secret: string }).secret, auth.clock)
  await succeed('POST', `${path}/confirm`, headers, { code: app.code() })
}

async function resetPassword({ user: { id, email } }: LoggedIn): Promise<void> {
  const token = await auth.issue('reset_password', { userId: id, email, ttlMs: 60_000 })
  await succeed('POST', '/auth/reset-password', {}, { token, password: 'cut by hand again' })
}

/** Each way to end the sessions of a user. */
const ends: [string, (who: LoggedIn) => Promise<unknown>][] = [
  ['the end of all other sessions', ({ headers }) => succeed('DELETE', '/auth/sessions', headers)],
  [
    'its end by its id',
    async (who) => succeed('DELETE', `/auth/sessions/${(await findInList(who))!.id}`, who.headers),
  ],
  ['a new second factor', enableSecondFactor],
  ['a password that is reset by mail', resetPassword],
  [
    'a new password',
    ({ headers, password }) =>
      succeed('PATCH', '/profile', headers, {
        currentPassword: password,
        password: 'cut by hand again',
      }),
  ],
  [
    'a deactivation, also when the account is active again',
    async ({ user: { id } }) => {
      await succeed('PATCH', `/users/${id}`, operator, { status: 'inactive' })
      await succeed('PATCH', `/users/${id}`, operator, { status: 'active' })
    },
  ],
  [
    'a deletion, also when the account is restored',
    async ({ user: { id } }) => {
      await succeed('DELETE', `/users/${id}`, operator)
      await succeed('POST', `/users/${id}/restore`, operator)
    },
  ],
  ['the end of your account', ({ headers }) => succeed('DELETE', '/profile', headers)],
]

describe('a session of the dashboard', () => {
  it.each(ends)('ends at the next request by %s', async (_name, end) => {
    const who = await loggedIn()
    for (const each of [admin, replica]) expect(await statusAt(each, who.cookie)).toBe(200)
    await end(who)
    for (const each of [replica, admin]) expect(await statusAt(each, who.cookie)).toBe(303)
  })

  it('begins and ends with Redis away too', async () => {
    await redis.cut()
    const who = await loggedIn()
    expect(await statusAt(replica, who.cookie)).toBe(200)
    await succeed('DELETE', '/auth/sessions', who.headers)
    expect(await statusAt(replica, who.cookie)).toBe(303)
    const again = cookieOf(await admin.logIn(who.credentials))
    await admin.ask('/logout', { method: 'POST', headers: again })
    expect(await statusAt(replica, again)).toBe(303)
  })

  it('is listed among the sessions of its user as one, with its device', async () => {
    const who = await loggedIn()
    expect(await succeed('GET', '/auth/sessions', who.headers)).toHaveLength(2)
    expect(await findInList(who)).toEqual({
      id: expect.any(String),
      device: 'the browser at home',
      createdAt: auth.clock.now().toISOString(),
      lastUsedAt: auth.clock.now().toISOString(),
      current: false,
    })
  })

  it("is another user's to nobody", async () => {
    const [who, other] = [await loggedIn(), await loggedIn()]
    const { id } = (await findInList(who))!
    expect((await askApi('DELETE', `/auth/sessions/${id}`, other.headers)).status).toBe(404)
    expect(await statusAt(admin, who.cookie)).toBe(200)
  })

  it('opens nothing at the api, and no token of the api opens the dashboard', async () => {
    const { cookie, headers, credentials } = await loggedIn()
    const [name, secret = ''] = cookie.cookie.split('=')
    const refresh = await askApi('POST', '/auth/refresh-token', {}, { refresh_token: secret })
    expect(refresh.status).toBe(401)
    const bearer = { authorization: `Bearer ${secret}` }
    expect((await askApi('GET', '/profile', bearer)).status).toBe(401)
    await askApi('POST', '/auth/logout', {}, { refresh_token: secret })
    expect(await statusAt(admin, cookie)).toBe(200)

    const answer = await askApi('POST', '/auth/login', {}, credentials)
    const { refresh_token: token } = (await answer.json()) as { refresh_token: string }
    const { authorization = '' } = headers
    for (const text of [token, authorization.slice('Bearer '.length)])
      expect(await statusAt(admin, { cookie: `${name}=${text}` })).toBe(303)
  })

  it('cannot be given a refresh token, nor a refresh token a cookie', async () => {
    const { user } = await loggedIn()
    const { pool } = auth.core.database
    for (const column of ['refresh_token_hash', 'cookie_hash'])
      await expect(
        pool.query(`UPDATE session SET ${column} = sha256(id::text::bytea) WHERE user_id = $1`, [
          user.id,
        ]),
      ).rejects.toThrow('session_one_key_check')
  })

  it('lasts twelve hours, however much it is used', async () => {
    const { cookie } = await loggedIn()
    for (let hours = 0; hours < 11; hours += 1) {
      auth.clock.advance(3_600_000)
      expect(await statusAt(admin, cookie)).toBe(200)
    }
    auth.clock.advance(3_600_000)
    expect(await statusAt(admin, cookie)).toBe(303)
  })

  it('is one of the twenty of its user, and the one unused longest makes room', async () => {
    const who = await loggedIn()
    const unused = cookieOf(await admin.logIn(who.credentials))
    auth.clock.advance(60_000)
    const used = async () =>
      (await auth.core.database.client.session.count({
        where: { userId: who.user.id, lastUsedAt: auth.clock.now() },
      })) === 1
    expect(await statusAt(admin, who.cookie)).toBe(200)
    await eventually(used)
    auth.clock.advance(1_000)
    // With the one at the api there are three; of 22 the two unused longest end.
    for (let count = 0; count < 19; count += 1) await signIn(auth.url, who.credentials)
    expect(await statusAt(admin, unused)).toBe(303)
    expect(await statusAt(admin, who.cookie)).toBe(200)
  })

  it('is kept as a digest only', async () => {
    const { cookie } = await logInAdmin(auth, admin)
    const secret = cookie.split('=')[1] ?? ''
    const { rows } = await auth.core.database.pool.query<object>(
      'SELECT session::text FROM session',
    )
    const stored = JSON.stringify(rows)
    expect(stored).not.toContain(secret)
    expect(stored).not.toContain(Buffer.from(secret).toString('hex'))
    expect(await auth.core.redis.client.keys('*:admin-session:*')).toEqual([])
  })

  it('leaves a trail from the log-in to the log-out', async () => {
    const { user, cookie } = await loggedIn()
    await admin.ask('/logout', { method: 'POST', headers: cookie })
    const entries = await auth.core.database.client.auditEntry.findMany({
      where: { userId: user.id, device: 'the browser at home' },
    })
    expect(entries.map(({ action }) => action).toSorted()).toEqual([
      'credentials_verified',
      'logged_in',
    ])
    const out = await auth.core.database.client.auditEntry.findFirstOrThrow({
      where: { userId: user.id, action: 'logged_out' },
    })
    const began = entries.find(({ action }) => action === 'logged_in')
    expect(out).toMatchObject({ actorId: user.id, details: began?.details })
    expect(out.requestId).toEqual(expect.any(String))
  })
})
