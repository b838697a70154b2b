import request from 'supertest'
import { eventually, holdTransaction } from '@ashlar/core/testing'
import { buildRegistration, createUser, startAuth, type TestAuth } from '../testing/index.ts'

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

  it.each([
    ['2 characters', 'ab', 422],
    ['3 characters', 'a_9', 201],
    ['50 characters', `.-_${'Ab9'.repeat(15)}.-`, 201],
    ['51 characters', 'a'.repeat(51), 422],
    ['a blank in front', ' mason', 422],
    ['a letter beyond ASCII', 'maçon', 422],
  ])(
    'takes a username of 3 to 50 signs of A-Z, a-z, 0-9, _, . and -: %s',
    async (_name, username, status) => {
      await post('/auth/register').send(buildRegistration({ username })).expect(status)
    },
  )

  it.each([
    ['254 characters', 254, 201],
    ['255 characters', 255, 422],
  ])('takes an e-mail of at most 254 characters: %s', async (_name, length, status) => {
    const [local, domain] = ['a'.repeat(20), '.example.com']
    const labels = `${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.`
    const rest = length - local.length - 1 - labels.length - domain.length
    const email = `${local}@${labels}${'e'.repeat(rest)}${domain}`
    expect(email).toHaveLength(length)
    await post('/auth/register').send(buildRegistration({ email })).expect(status)
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

  it('is 409 while another with its Idempotency-Key is under way, and 422 with its key and another body', async () => {
    const body = buildRegistration()
    const send = async (given: object) =>
      post('/auth/register').set('idempotency-key', body.username).send(given)
    const held = await holdTransaction(auth.core.database.pool, 'LOCK TABLE "user" IN SHARE MODE')
    const first = send(body)
    await eventually(held.isAwaited)
    const early = await send(body)
    await held.commit()
    expect([early.status, early.body.code]).toEqual([409, 'request.idempotency_in_flight'])
    expect((await first).status).toBe(201)
    const other = await send({ ...body, email: `other-${body.email}` })
    expect(other.status).toBe(422)
    expect(other.body.errors).toMatchObject([{ pointer: '/headers/idempotency-key' }])
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
