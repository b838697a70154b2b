import request from 'supertest'
import {
  buildRegistration,
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
const verify = (token: string) => post('verify-email', { token })
const hasLink = ({ text }: { text: string }) => text.includes('/verify-email?token=')

async function isVerified(email: string): Promise<boolean> {
  return (await auth.store.users.findByEmail(email))?.emailVerifiedAt != null
}

it('a registration leads to two mails, and the link of the second verifies the address, once', async () => {
  const body = buildRegistration()
  await post('register', body).expect(201)
  const mail = await auth.smtp.waitForMail(
    (mail) => mail.recipients.includes(body.email) && hasLink(mail),
  )
  await auth.smtp.waitForMail((other) => other.recipients.includes(body.email) && other !== mail)
  expect(mail.text).toMatch(/^http:\/\/api\.test\/verify-email\?token=[\w-]{43}$/m)
  expect(await isVerified(body.email)).toBe(false)
  await verify(tokenFrom(mail)).expect(204)
  expect(await isVerified(body.email)).toBe(true)
  const again = await verify(tokenFrom(mail)).expect(400)
  expect(again.body.code).toBe('auth.invalid_token')
})

it('a change of the address mails a link to the new one and a notice to the old one, and counts with the link', async () => {
  const { user, password: currentPassword } = await createUser(auth.store)
  const headers = await signIn(auth.url, { email: user.email, password: currentPassword })
  const email = `moved-${user.email}`
  const logIn = (email: string) => post('login', { email, password: currentPassword })
  const profile = () => request(auth.url).get('/api/v1/profile').set(headers).expect(200)
  await request(auth.url)
    .patch('/api/v1/profile')
    .set(headers)
    .send({ email, currentPassword })
    .expect(200)
  const link = await auth.smtp.waitForMail(
    (mail) => mail.recipients.includes(email) && hasLink(mail),
  )
  const notice = await auth.smtp.waitForMail(({ recipients }) => recipients.includes(user.email))
  expect(notice.text).not.toContain('token=')
  expect((await profile()).body.data).toMatchObject({ email: user.email, emailVerified: false })
  await logIn(email).expect(401)
  await verify(tokenFrom(link)).expect(204)
  expect((await profile()).body.data).toMatchObject({ email, emailVerified: true })
  await logIn(email).expect(200)
  await logIn(user.email).expect(401)
})

it('a new address counts when its own link was followed', async () => {
  const { user } = await createUser(auth.store)
  const pendingEmail = `new-${user.email}`
  await auth.store.users.update(user.id, { pendingEmail })
  const token = await auth.issue('verify_email', {
    userId: user.id,
    email: pendingEmail,
    ttlMs: 60_000,
  })
  await verify(token).expect(204)
  expect(await auth.store.users.findByEmail(user.email)).toBeNull()
  expect(await isVerified(pendingEmail)).toBe(true)
})

it('a new address that somebody else took meanwhile is 409, and the token stays good', async () => {
  const { user } = await createUser(auth.store)
  const { user: other } = await createUser(auth.store)
  await auth.store.users.update(user.id, { pendingEmail: other.email })
  const values = { userId: user.id, email: other.email, ttlMs: 60_000 }
  const token = await auth.issue('verify_email', values)
  const answer = await verify(token).expect(409)
  expect(answer.body.code).toBe('auth.email_taken')
  await auth.core.database.client.user.delete({ where: { id: other.id } })
  await verify(token).expect(204)
})

it('a token for an address that the account no longer has or wants is refused', async () => {
  const { user } = await createUser(auth.store)
  const values = { userId: user.id, email: 'former@example.com', ttlMs: 60_000 }
  await verify(await auth.issue('verify_email', values)).expect(400)
})

it('a new address that was asked for with the old password is worth nothing after a new one', async () => {
  const { user } = await createUser(auth.store)
  const pendingEmail = `thief-${user.email}`
  await auth.store.users.update(user.id, { pendingEmail })
  const values = { userId: user.id, ttlMs: 60_000 }
  const theirs = await auth.issue('verify_email', { ...values, email: pendingEmail })
  const own = await auth.issue('reset_password', { ...values, email: user.email })
  await post('reset-password', { token: own, password: 'a new wall of stone' }).expect(204)
  await verify(theirs).expect(400)
  expect(await auth.store.users.findById(user.id)).toMatchObject({
    email: user.email,
    pendingEmail: null,
  })
})

it('a token that expired is refused', async () => {
  const { user } = await createUser(auth.store)
  const values = { userId: user.id, email: user.email, ttlMs: 60_000 }
  const token = await auth.issue('verify_email', values)
  auth.clock.advance(60_001)
  const answer = await verify(token).expect(400)
  expect(answer.body.code).toBe('auth.invalid_token')
  expect(await isVerified(user.email)).toBe(false)
})

it('the links of all mails to one address are good, until one of them is followed', async () => {
  const { user } = await createUser(auth.store)
  const values = { userId: user.id, email: user.email, ttlMs: 60_000 }
  const [first = '', second = ''] = await Promise.all([
    auth.issue('verify_email', values),
    auth.issue('verify_email', values),
  ])
  const pendingEmail = `new-${user.email}`
  await auth.store.users.update(user.id, { pendingEmail })
  const other = await auth.issue('verify_email', { ...values, email: pendingEmail })
  await verify(first).expect(204)
  await verify(second).expect(400)
  await verify(other).expect(204)
})

it.each([
  ['unknown', 'x', 400],
  ['of 4,096 characters', 'x'.repeat(4_096), 400],
  ['of 4,097 characters', 'x'.repeat(4_097), 422],
  ['empty', '', 422],
])('a token that is %s is refused', async (_name, token, status) => {
  await verify(token).expect(status)
})

it('resend answers 202 always, and mails only where there is something to verify', async () => {
  const { user } = await createUser(auth.store)
  const { user: verified } = await createUser(auth.store)
  await auth.store.users.update(verified.id, { emailVerifiedAt: new Date() })
  const answers = []
  for (const email of ['nobody@example.com', verified.email, user.email]) {
    const { text, headers } = await post('verify-email/resend', { email }).expect(202)
    const { date, 'x-request-id': requestId, ...others } = headers as Record<string, string>
    expect([text, date, requestId]).toEqual(['', expect.any(String), expect.any(String)])
    answers.push(others)
  }
  expect(answers).toEqual(Array(3).fill(answers[0]))
  const mail = await auth.smtp.waitForMail(
    (mail) => mail.recipients.includes(user.email) && hasLink(mail),
  )
  await verify(tokenFrom(mail)).expect(204)
  expect(auth.smtp.mails.filter(({ recipients }) => recipients.includes(verified.email))).toEqual(
    [],
  )
})
