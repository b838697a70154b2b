import request from 'supertest'
import { createUser, signIn, startAuth, type TestAuth } from '../testing/index.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth()
})
afterAll(() => auth.stop())

const post = (path: string) => request(auth.url).post(`/api/v1${path}`)

describe('POST /auth/login', () => {
  it('answers the OAuth 2 token members, not wrapped and not stored', async () => {
    const { user, password } = await createUser(auth.store)
    const answer = await post('/auth/login').send({ email: user.email, password }).expect(200)
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.stringMatching(/^[A-Za-z0-9_-]{86}$/),
      token_type: 'Bearer',
      expires_in: 900,
    })
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  it('takes the OAuth 2 password form', async () => {
    const { user, password } = await createUser(auth.store)
    await post('/auth/login')
      .type('form')
      .send({ username: user.email, password, grant_type: 'password' })
      .expect(200)
  })

  it('signs tokens with ES256, a key id and exactly the agreed claims', async () => {
    const { user, password } = await createUser(auth.store)
    const { authorization } = await signIn(auth.url, { email: user.email, password })
    const [head, claims] = authorization
      .slice('Bearer '.length)
      .split('.', 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown) as [
      Record<string, unknown>,
      Record<string, unknown>,
    ]
    expect(head).toEqual({ alg: 'ES256', typ: 'JWT', kid: expect.any(String) })
    expect(Object.keys(claims).toSorted()).toEqual([
      'aud',
      'exp',
      'iat',
      'iss',
      'jti',
      'sid',
      'sub',
    ])
    expect(claims).toMatchObject({ sub: String(user.id), iss: 'http://api.test', aud: 'ashlar' })
  })

  it('gives one answer for a wrong password, an unknown e-mail and an inactive user', async () => {
    const { user, password } = await createUser(auth.store)
    const inactive = await createUser(auth.store)
    await auth.core.database.client.user.update({
      where: { id: inactive.user.id },
      data: { status: 'inactive' },
    })
    const answers = await Promise.all([
      post('/auth/login').send({ email: user.email, password: `${password}x` }),
      post('/auth/login').send({ email: 'nobody@example.com', password }),
      post('/auth/login').send({ email: inactive.user.email, password: inactive.password }),
    ])
    const [first, ...others] = answers.map(comparable)
    expect(first).toMatchObject({
      status: 401,
      body: { code: 'auth.invalid_credentials' },
      headers: { 'www-authenticate': 'Bearer' },
    })
    for (const other of others) expect(other).toEqual(first)
    const failed = await auth.core.database.client.auditEntry.findMany({
      where: { action: 'login_failed' },
    })
    // Each of them counts, or the number of tries would tell.
    expect(failed.map(({ userId }) => userId).toSorted()).toEqual(
      [null, user.id, inactive.user.id].toSorted(),
    )
  })

  it('refuses a password that no account can have with 422, before anything is hashed', async () => {
    const { user } = await createUser(auth.store)
    const given = { email: user.email, password: 'é'.repeat(129) }
    const answer = await post('/auth/login').send(given).expect(422)
    expect(answer.body.errors).toMatchObject([{ pointer: '/body/password' }])
    await post('/auth/login')
      .send({ ...given, password: 'é'.repeat(128) })
      .expect(401)
  })

  it('leaves the time of a change that was made meanwhile', async () => {
    const { user, password } = await createUser(auth.store)
    const headers = await signIn(auth.url, { email: user.email, password })
    for (let round = 0; round < 5; round += 1) {
      const logIn = post('/auth/login').send({ email: user.email, password }).expect(200)
      const change = request(auth.url)
        .patch('/api/v1/profile')
        .set(headers)
        .send({ username: `n-${round}-${user.id}` })
      const [, changed] = await Promise.all([logIn, change.expect(200)])
      const profile = await request(auth.url).get('/api/v1/profile').set(headers).expect(200)
      expect(profile.body.data.updatedAt).toBe(changed.body.data.updatedAt)
    }
  })

  it('treats two Unicode forms of a password as one', async () => {
    const { user } = await createUser(auth.store, {
      password: 'Cafe\u0301-Å-ten'.normalize('NFKC'),
    })
    await post('/auth/login').send({ email: user.email, password: 'Cafe\u0301-Å-ten' }).expect(200)
  })

  it('stores only the digest of the refresh token', async () => {
    const { user, password } = await createUser(auth.store)
    const answer = await post('/auth/login').send({ email: user.email, password }).expect(200)
    const { rows } = await auth.core.database.pool.query(
      'SELECT session::text AS text FROM session WHERE user_id = $1',
      [user.id],
    )
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toContain(answer.body.refresh_token)
  })
})

/** Everything of an answer but what is of the moment. */
function comparable({ status, body, headers }: request.Response) {
  const { date, 'x-request-id': requestId, ...others } = headers as Record<string, string>
  expect([date, requestId]).not.toContain(undefined)
  return { status, body: { ...(body as object), requestId: '' }, headers: others }
}
