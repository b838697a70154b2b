import { randomBytes } from 'node:crypto'
import request from 'supertest'
import {
  buildRegistration,
  createUser,
  signIn,
  startMailedAuth,
  tokenFrom,
  type MailedAuth,
} from '../testing/index.ts'

const minuteMs = 60_000

let auth: MailedAuth
beforeAll(async () => {
  // The limits by sender are off, because a sender may have many addresses.
  auth = await startMailedAuth({ AUTH_REGISTRATION_QUIET: 'true', RATE_LIMIT_ENABLED: 'false' })
})
afterAll(() => auth.stop())

const post = (path: string, body: object) =>
  request(auth.url).post(`/api/v1/auth/${path}`).send(body)

const mailsTo = (email: string, subject: string) =>
  auth.smtp.mails.filter(
    (mail) => mail.recipients.includes(email) && mail.subject.includes(subject),
  )

async function signedIn() {
  const { user, password } = await createUser(auth.store)
  await auth.store.users.update(user.id, { emailVerifiedAt: new Date() })
  return { user, password, headers: await signIn(auth.url, { email: user.email, password }) }
}

const patchProfile = (headers: Record<string, string>, body: object) =>
  request(auth.url).patch('/api/v1/profile').set(headers).send(body).expect(200)

describe('mails that strangers can cause', () => {
  it('are five an hour for one account that is to be restored, and the answer is the same', async () => {
    const { user } = await createUser(auth.store)
    const answers = []
    for (let asked = 0; asked < 8; asked++) {
      const { status, text, headers } = await post('restore-password', { email: user.email })
      const { date, 'x-request-id': requestId, ...others } = headers as Record<string, string>
      expect([date, requestId]).not.toContain(undefined)
      answers.push({ status, text, others })
      await auth.settled()
      auth.clock.advance(3 * minuteMs)
    }
    expect(answers).toEqual(Array(8).fill(answers[0]))
    expect(mailsTo(user.email, 'Choose a new password')).toHaveLength(5)
    auth.clock.advance(40 * minuteMs)
    await post('restore-password', { email: user.email }).expect(202)
    await auth.settled()
    expect(mailsTo(user.email, 'Choose a new password')).toHaveLength(6)
  })

  it('are five an hour for one address that is to be verified', async () => {
    const { user } = await createUser(auth.store)
    for (let asked = 0; asked < 8; asked++)
      await post('verify-email/resend', { email: user.email }).expect(202)
    await auth.settled()
    const mails = mailsTo(user.email, 'Confirm your address')
    expect(mails).toHaveLength(5)
    await post('verify-email', { token: tokenFrom(mails[0]!) }).expect(204)
  })

  it('are five an hour to one stranger, whoever names the address as a new one', async () => {
    const email = `stranger-${randomBytes(5).toString('hex')}@example.com`
    for (let account = 0; account < 3; account++) {
      const { password: currentPassword, headers } = await signedIn()
      for (let changes = 0; changes < 3; changes++) {
        await patchProfile(headers, { email, currentPassword })
        await patchProfile(headers, { email: `x-${email}`, currentPassword })
      }
    }
    await auth.settled()
    expect(mailsTo(email, 'Confirm your address')).toHaveLength(5)
  })

  it('are five an hour from one account, to however many strangers, and as many notices to its owner', async () => {
    const { user, password: currentPassword, headers } = await signedIn()
    const strangers = Array.from({ length: 12 }, (_, index) => `${index}-${user.email}`)
    for (const email of strangers) await patchProfile(headers, { email, currentPassword })
    await auth.settled()
    const sent = strangers.flatMap((email) => mailsTo(email, 'Confirm your address'))
    expect(sent.length).toBeLessThanOrEqual(5)
    expect(mailsTo(user.email, 'about to change')).toHaveLength(5)
  })

  it('are five an hour of each kind to an address that is registered and given up again and again', async () => {
    const { email } = buildRegistration()
    for (let times = 0; times < 7; times++) {
      await post('register', buildRegistration({ email })).expect(202)
      const user = await auth.store.users.findByEmail(email)
      await auth.settled()
      await auth.store.users.removeIf({ id: user!.id })
    }
    expect(mailsTo(email, 'Welcome')).toHaveLength(5)
    expect(mailsTo(email, 'Confirm your address')).toHaveLength(5)
  })

  it('are five an hour to the owner of an address that others try to register', async () => {
    const { user } = await createUser(auth.store)
    for (let times = 0; times < 8; times++)
      await post('register', buildRegistration({ email: user.email })).expect(202)
    await auth.settled()
    expect(mailsTo(user.email, 'You have an account')).toHaveLength(5)
  })

  it('are five an hour where somebody plays with an account of a stranger’s address', async () => {
    const { user, password, headers } = await signedIn()
    let currentPassword = password
    for (let times = 0; times < 7; times++) {
      const next = randomBytes(12).toString('base64url')
      await patchProfile(headers, { password: next, currentPassword })
      currentPassword = next
    }
    await auth.settled()
    expect(mailsTo(user.email, 'was changed')).toHaveLength(5)
  })
})

describe('a link to a new password', () => {
  it('stays good when others ask for one within two minutes, who cause no mail', async () => {
    const { user } = await createUser(auth.store)
    const { email } = user
    await post('restore-password', { email }).expect(202)
    await auth.settled()
    auth.clock.advance(2 * minuteMs - 1)
    await Promise.all(Array.from({ length: 5 }, () => post('restore-password', { email })))
    await auth.settled()
    const mails = mailsTo(email, 'Choose a new password')
    expect(mails).toHaveLength(1)
    const token = tokenFrom(mails[0]!)
    await post('reset-password', { token, password: 'a new wall of stone' }).expect(204)
  })

  it('is one when many ask for it at once', async () => {
    const { user } = await createUser(auth.store)
    const { email } = user
    await Promise.all(Array.from({ length: 6 }, () => post('restore-password', { email })))
    await auth.settled()
    expect(mailsTo(email, 'Choose a new password')).toHaveLength(1)
  })

  it('is replaced after two minutes, and mailed again at once to whoever used it', async () => {
    const { user } = await createUser(auth.store)
    const { email } = user
    const ask = async () => {
      await post('restore-password', { email }).expect(202)
      await auth.settled()
      return tokenFrom(mailsTo(email, 'Choose a new password').at(-1)!)
    }
    const reset = (token: string) =>
      post('reset-password', { token, password: 'a new wall of stone' })
    const older = await ask()
    auth.clock.advance(2 * minuteMs)
    const newer = await ask()
    await reset(older).expect(400)
    await reset(newer).expect(204)
    const another = await ask()
    expect(another).not.toBe(newer)
    await reset(another).expect(204)
  })
})

describe('a mail that is tried again', () => {
  const deliver = async (userId: number, id: string, listenerId: string) => {
    const listener = auth.module.listeners?.find((each) => each.id === listenerId)
    const { signal } = new AbortController()
    const occurredAt = new Date()
    const { log } = auth.core
    await listener?.handle({ userId }, { id, eventId: id, occurredAt, attempt: 2, signal, log })
  }

  it('counts once, and is not held up by its own count', async () => {
    const { user } = await createUser(auth.store)
    const listener = 'auth.send-welcome-email'
    for (const id of ['a', 'a', 'a', 'b', 'c', 'd', 'e', 'f', 'a'])
      await deliver(user.id, `${user.id}-${id}`, listener)
    const ids = mailsTo(user.email, 'Welcome').map(({ messageId }) => messageId)
    const sent = ['a', 'a', 'a', 'b', 'c', 'd', 'e', 'a'].map((id) => `<${user.id}-${id}@api.test>`)
    expect(ids).toEqual(sent)
  })

  it('leaves the link of its first copy good: readers show one of two mails with one Message-ID', async () => {
    const { user } = await createUser(auth.store)
    const listener = 'auth.send-password-reset-email'
    for (let copies = 0; copies < 2; copies++) await deliver(user.id, `${user.id}-r`, listener)
    const [first, second] = mailsTo(user.email, 'Choose a new password')
    expect(first?.messageId).toBe(second?.messageId)
    const reset = (token: string) =>
      post('reset-password', { token, password: 'a new wall of stone' })
    await reset(tokenFrom(first!)).expect(204)
    await reset(tokenFrom(second!)).expect(400)
  })
})

describe('a change of the e-mail', () => {
  it('has a limit of its own, for each account', async () => {
    const limited = await startMailedAuth({ RATE_LIMIT_ENABLED: 'true' })
    try {
      const { user, password: currentPassword } = await createUser(limited.store)
      const headers = await signIn(limited.url, { email: user.email, password: currentPassword })
      const change = (body: object) =>
        request(limited.url).patch('/api/v1/profile').set(headers).send(body)
      for (let times = 0; times < 10; times++)
        await change({ email: `${times}-${user.email}`, currentPassword }).expect(200)
      const refused = await change({ email: `x-${user.email}`, currentPassword }).expect(429)
      expect(refused.headers['ratelimit-policy']).toBe('"email-change"; q=10; w=60')
      await change({ username: `${user.username}-2` }).expect(200)
    } finally {
      await limited.stop()
    }
  })
})
