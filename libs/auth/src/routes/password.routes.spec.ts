import request from 'supertest'
import {
  createUser,
  signIn,
  startMailedAuth,
  tokenFrom,
  type MailedAuth,
} from '../testing/index.ts'

let auth: MailedAuth

beforeAll(async () => {
  auth = await startMailedAuth()
})
afterAll(() => auth.stop())

const post = (path: string, body: object) =>
  request(auth.url).post(`/api/v1/auth/${path}`).send(body)
const reset = (token: string, password = 'a new wall of stone') =>
  post('reset-password', { token, password })

async function askForToken(email: string): Promise<string> {
  const seen = new Set(auth.smtp.mails)
  await post('restore-password', { email }).expect(202)
  const mail = await auth.smtp.waitForMail(
    (mail) => !seen.has(mail) && mail.recipients.includes(email) && mail.text.includes('token='),
  )
  return tokenFrom(mail)
}

describe('POST /auth/restore-password', () => {
  it('mails a link under APP_URL, on a line of its own, to an active user', async () => {
    const { user } = await createUser(auth.store)
    await post('restore-password', { email: ` ${user.email.toUpperCase()} ` }).expect(202)
    const { text } = await auth.smtp.waitForMail(({ recipients }) =>
      recipients.includes(user.email),
    )
    expect(text).toMatch(/^http:\/\/api\.test\/reset-password\?token=[\w-]{43}$/m)
  })

  it('answers the same for an unknown and an inactive account, and mails nothing', async () => {
    const { user } = await createUser(auth.store)
    const inactive = await createUser(auth.store)
    await auth.store.users.update(inactive.user.id, { status: 'inactive' })
    const answers = []
    for (const email of ['nobody@example.com', inactive.user.email, user.email])
      answers.push(await post('restore-password', { email }).expect(202))
    const [first, ...others] = answers.map(comparable)
    expect(first).toMatchObject({ text: '' })
    for (const other of others) expect(other).toEqual(first)
    await auth.smtp.waitForMail(({ recipients }) => recipients.includes(user.email))
    expect(
      auth.smtp.mails.filter(({ recipients }) => recipients.includes(inactive.user.email)),
    ).toEqual([])
  })

  it.each([{}, { email: 'nobody' }, { email: 'a@x.test, b@x.test' }, { email: 1 }])(
    'answers 422 to %j',
    async (body) => {
      const answer = await post('restore-password', body).expect(422)
      expect(answer.body.errors).toMatchObject([{ pointer: '/body/email' }])
    },
  )
})

describe('POST /auth/reset-password', () => {
  it('sets the password, ends every session and says so by mail', async () => {
    const { user, password } = await createUser(auth.store)
    const headers = await signIn(auth.url, { email: user.email, password })
    await reset(await askForToken(user.email)).expect(204)
    await request(auth.url).get('/api/v1/profile').set(headers).expect(401)
    await post('login', { email: user.email, password }).expect(401)
    await post('login', { email: user.email, password: 'a new wall of stone' }).expect(200)
    await auth.smtp.waitForMail(
      ({ recipients, subject }) =>
        recipients.includes(user.email) && subject.includes('was changed'),
    )
  })

  it('takes a token once, also when a hundred requests bring it at the same time', async () => {
    const { user } = await createUser(auth.store)
    const token = await askForToken(user.email)
    const answers = await Promise.all(Array.from({ length: 100 }, () => reset(token)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 204)).toHaveLength(1)
    // A busy machine may refuse some before it looks at their token.
    expect(statuses.filter((status) => ![204, 400, 503].includes(status))).toEqual([])
    expect(statuses).toContain(400)
    const answer = await reset(token).expect(400)
    expect(answer.body.code).toBe('auth.invalid_token')
  })

  it('takes the newest token only', async () => {
    const { user } = await createUser(auth.store)
    const older = await askForToken(user.email)
    auth.clock.advance(2 * 60_000)
    const newer = await askForToken(user.email)
    await reset(older).expect(400)
    await reset(newer).expect(204)
  })

  it('takes no token after fifteen minutes', async () => {
    const { user } = await createUser(auth.store)
    const token = await askForToken(user.email)
    auth.clock.advance(15 * 60_000 + 1)
    await reset(token).expect(400)
  })

  it('leaves the token good when the password is refused', async () => {
    const { user } = await createUser(auth.store)
    const token = await askForToken(user.email)
    const answer = await reset(token, 'short').expect(422)
    expect(answer.body.errors).toMatchObject([{ pointer: '/body/password' }])
    await reset(token).expect(204)
  })

  it.each([
    ['an unknown one', 'x', 400],
    ['one of 4,096 characters', 'x'.repeat(4_096), 400],
    ['one of 4,097 characters', 'x'.repeat(4_097), 422],
    ['an empty one', '', 422],
  ])('answers %s', async (_name, token, status) => {
    await reset(token).expect(status)
  })

  it('takes no verification token, and the other way round', async () => {
    const { user } = await createUser(auth.store)
    const ttlMs = 60_000
    const { email } = user
    const verification = await auth.issue('verify_email', { userId: user.id, email, ttlMs })
    const restoring = await auth.issue('reset_password', { userId: user.id, email, ttlMs })
    await reset(verification).expect(400)
    await post('verify-email', { token: restoring }).expect(400)
  })

  it('keeps tokens out of events, jobs and rows', async () => {
    const { user } = await createUser(auth.store)
    const token = await askForToken(user.email)
    const { rows } = await auth.core.database.pool.query(
      `SELECT t::text FROM one_time_token t UNION ALL SELECT e::text FROM outbox_event e`,
    )
    const keys = await auth.core.redis.client.keys('*')
    const hashes = await Promise.all(
      keys.map((key) => auth.core.redis.client.hgetall(key).catch(() => ({}))),
    )
    expect(JSON.stringify([rows, hashes])).not.toContain(token)
  })
})

/** Everything of an answer but what is of the moment. */
function comparable({ text, headers }: request.Response) {
  const { date, 'x-request-id': requestId, ...others } = headers as Record<string, string>
  expect([date, requestId]).not.toContain(undefined)
  return { text, headers: others }
}
