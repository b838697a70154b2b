import request from 'supertest'
import {
  buildRegistration,
  createUser,
  signIn,
  startAuth,
  type TestAuth,
} from '../testing/index.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth()
})
afterAll(() => auth.stop())

const post = (path: string) => request(auth.url).post(`/api/v1${path}`)

async function countEvents(name: string): Promise<number> {
  return auth.core.database.client.outboxEvent.count({ where: { name } })
}

describe('POST /auth/register', () => {
  it('answers 201 with the full user, its address, and no password in any field', async () => {
    const body = buildRegistration()
    const answer = await post('/auth/register').send(body).expect(201)
    expect(answer.body).toEqual({
      data: {
        id: expect.any(Number),
        username: body.username,
        email: body.email,
        emailVerified: false,
        status: 'active',
        role: 'user',
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        updatedAt: expect.stringMatching(/Z$/),
      },
    })
    expect(answer.headers['location']).toBe(`/api/v1/users/${answer.body.data.id}`)
    expect(answer.text).not.toMatch(/password|argon2/i)
    expect(answer.text).not.toContain(body.password)
  })

  it('stores the e-mail trimmed and in lower case', async () => {
    const { email, ...rest } = buildRegistration()
    const answer = await post('/auth/register')
      .send({ ...rest, email: `  ${email.toUpperCase()} ` })
      .expect(201)
    expect(answer.body.data.email).toBe(email)
  })

  it('refuses an e-mail that is taken in another case with 409', async () => {
    const { user } = await createUser(auth.store)
    const answer = await post('/auth/register')
      .send(buildRegistration({ email: user.email.toUpperCase() }))
      .expect(409)
    expect(answer.body).toMatchObject({ code: 'auth.email_taken', status: 409 })
    expect(answer.text).not.toMatch(/constraint|prisma|user_email_key/i)
  })

  it('refuses a username that is taken in another case with 409', async () => {
    const { user } = await createUser(auth.store)
    const answer = await post('/auth/register')
      .send(buildRegistration({ username: user.username.toUpperCase() }))
      .expect(409)
    expect(answer.body.code).toBe('auth.username_taken')
  })

  it('lets the e-mail and username of a deleted user be taken again', async () => {
    const { user } = await createUser(auth.store)
    await auth.core.database.client.user.delete({ where: { id: user.id } })
    await post('/auth/register')
      .send(buildRegistration({ email: user.email, username: user.username }))
      .expect(201)
  })

  it('answers 422 with one pointer for each fault and echoes no value', async () => {
    const body = {
      username: 'no spaces!',
      email: 'not-an-address',
      password: 'short',
      role: 'admin',
    }
    const answer = await post('/auth/register').send(body).expect(422)
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    const { errors } = answer.body as { errors: { pointer: string }[] }
    const pointers = errors.map(({ pointer }) => pointer)
    expect(pointers.toSorted()).toEqual([
      '/body/email',
      '/body/password',
      '/body/role',
      '/body/username',
    ])
    for (const value of ['no spaces!', 'not-an-address', 'short'])
      expect(answer.text).not.toContain(value)
  })

  it.each([
    ['7 code points', '1234567', 422],
    ['8 code points', 'Aq4-zR9k', 201],
    ['128 code points of four bytes each', '😀'.repeat(128), 201],
    ['129 code points', 'a'.repeat(129), 422],
  ])('counts a password in code points: %s', async (_name, password, status) => {
    await post('/auth/register').send(buildRegistration({ password })).expect(status)
  })

  it('publishes auth.user-registered with the user, and nothing when the transaction fails', async () => {
    const { user } = await createUser(auth.store)
    const before = await countEvents('auth.user-registered')
    await post('/auth/register')
      .send(buildRegistration({ email: user.email }))
      .expect(409)
    expect(await countEvents('auth.user-registered')).toBe(before)
    await post('/auth/register').send(buildRegistration()).expect(201)
    expect(await countEvents('auth.user-registered')).toBe(before + 1)
  })

  it('lets one of two simultaneous registrations of one e-mail win', async () => {
    const { email } = buildRegistration()
    const answers = await Promise.all(
      [1, 2, 3].map(() => post('/auth/register').send(buildRegistration({ email }))),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409])
  })

  it('may be repeated with the same Idempotency-Key, and registers once', async () => {
    const body = buildRegistration()
    const send = () =>
      request(auth.url)
        .post('/api/v1/auth/register')
        .set('idempotency-key', body.username)
        .send(body)
    const first = await send().expect(201)
    const again = await send().expect(201)
    expect(again.body).toEqual(first.body)
    expect(again.headers['idempotency-replayed']).toBe('true')
    expect(await auth.core.database.client.user.count({ where: { email: body.email } })).toBe(1)
  })

  it('is refused with 403 when registration is switched off', async () => {
    const closed = await startAuth({ AUTH_REGISTRATION_ENABLED: 'false' })
    try {
      const answer = await request(closed.url)
        .post('/api/v1/auth/register')
        .send(buildRegistration())
        .expect(403)
      expect(answer.body.code).toBe('auth.registration_disabled')
      // Before anybody looks at the body.
      await request(closed.url).post('/api/v1/auth/register').send({ role: 'admin' }).expect(403)
    } finally {
      await closed.stop()
    }
  })
})

describe('POST /auth/login', () => {
  it('answers the OAuth 2 token members, not wrapped and not stored', async () => {
    const { user, password } = await createUser(auth.store)
    const answer = await post('/auth/login').send({ email: user.email, password }).expect(200)
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
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
    const [first, ...others] = answers.map(({ status, body, headers }) => ({
      status,
      body: { ...body, requestId: '' },
      challenge: headers['www-authenticate'],
    }))
    expect(first).toMatchObject({
      status: 401,
      body: { code: 'auth.invalid_credentials' },
      challenge: 'Bearer',
    })
    for (const other of others) expect(other).toEqual(first)
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
