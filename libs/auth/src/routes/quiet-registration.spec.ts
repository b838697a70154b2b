import request from 'supertest'
import type { PublicUser } from '../schemas/user.schema.ts'
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
  auth = await startMailedAuth({ AUTH_REGISTRATION_QUIET: 'true' })
})
afterAll(() => auth.stop())

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  request(auth.url).post(`/api/v1${path}`).set(headers).send(body)

const mailTo = (email: string, subject: string) =>
  auth.smtp.waitForMail((mail) => mail.recipients.includes(email) && mail.subject.includes(subject))

async function verified() {
  const account = buildRegistration()
  await post('/auth/register', account).expect(202)
  const token = tokenFrom(await mailTo(account.email, 'Confirm your address'))
  await post('/auth/verify-email', { token }).expect(204)
  return account
}

/** Everything of an answer but what is of the moment. */
function comparable({
  status,
  text,
  headers,
}: {
  status: number
  text: string
  headers: Record<string, string>
}) {
  const ofTheMoment = ['date', 'x-request-id']
  const rest = Object.entries(headers).filter(([name]) => !ofTheMoment.includes(name))
  return { status, text, headers: rest }
}

describe('a quiet registration', () => {
  it('answers the same for a free e-mail and for one that is taken, also in another case', async () => {
    const { email } = await verified()
    const free = await post('/auth/register', buildRegistration())
    for (const given of [email, email.toUpperCase()]) {
      const taken = await post('/auth/register', buildRegistration({ email: given }))
      expect(comparable(taken)).toEqual(comparable(free))
    }
    expect(free.status).toBe(202)
    expect(free.text).toBe('')
    expect(free.headers['location']).toBeUndefined()
  })

  it('tells the owner of a taken e-mail by mail, and changes nothing of the account', async () => {
    const owner = await verified()
    const stranger = buildRegistration({ email: owner.email })
    await post('/auth/register', stranger).expect(202)
    const mail = await mailTo(owner.email, 'You have an account')
    expect(mail.text).toContain(owner.username)
    expect(mail.raw).not.toContain(stranger.username)
    await post('/auth/login', { email: owner.email, password: stranger.password }).expect(401)
    await post('/auth/login', { email: owner.email, password: owner.password }).expect(200)
    const user = await auth.store.users.findByEmail(owner.email)
    const entries = await auth.core.database.client.auditEntry.findMany({
      where: { userId: user!.id, action: 'registration_repeated' },
    })
    expect(entries).toEqual([expect.objectContaining({ actorId: null })])
  })

  it('says of a username that it is taken, whatever the e-mail is', async () => {
    const owner = await verified()
    const username = owner.username.toUpperCase()
    for (const email of [owner.email, buildRegistration().email]) {
      const answer = await post('/auth/register', buildRegistration({ username, email }))
      expect(answer.status).toBe(409)
      expect(answer.body.code).toBe('auth.username_taken')
    }
  })

  it('holds the username and an id in both cases, as everybody who is signed in sees', async () => {
    const { email } = await verified()
    const { user, password } = await createUser(auth.store)
    await auth.store.users.update(user.id, { emailVerifiedAt: new Date() })
    const headers = await signIn(auth.url, { email: user.email, password })
    const seen = []
    for (const given of [buildRegistration().email, email]) {
      const { id: before } = (await createUser(auth.store)).user
      const { username } = buildRegistration()
      await post('/auth/register', buildRegistration({ username, email: given })).expect(202)
      const { id: after } = (await createUser(auth.store)).user
      const again = await post('/auth/register', buildRegistration({ username }))
      const list = await request(auth.url)
        .get(`/api/v1/users?filters=username:${username}`)
        .set(headers)
        .expect(200)
      const [{ id, status } = { id: 0, status: '' }] = list.body.data as PublicUser[]
      const one = await request(auth.url).get(`/api/v1/users/${id}`).set(headers)
      seen.push({
        ids: [id - before, after - before],
        again: [again.status, again.body.code],
        shown: [list.body.data.length, one.status, status],
      })
    }
    expect(seen[1]).toEqual(seen[0])
    expect(seen[0]).toEqual({
      ids: [1, 2],
      again: [409, 'auth.username_taken'],
      shown: [1, 200, 'active'],
    })
  })

  it('opens nothing until the address is verified: a log-in would tell what the answer did not', async () => {
    const account = buildRegistration()
    await post('/auth/register', account).expect(202)
    const credentials = { email: account.email, password: account.password }
    const early = await post('/auth/login', credentials).expect(401)
    expect(early.body.code).toBe('auth.invalid_credentials')
    const token = tokenFrom(await mailTo(account.email, 'Confirm your address'))
    await post('/auth/verify-email', { token }).expect(204)
    await post('/auth/login', credentials).expect(200)
  })

  it('lets one of many at once have the address, and answers all alike', async () => {
    const { email } = buildRegistration()
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => post('/auth/register', buildRegistration({ email }))),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(202))
    expect(await auth.core.database.client.user.count({ where: { email } })).toBe(1)
  })

  it('is taken back to the address by a new password that was chosen by mail', async () => {
    const squatted = buildRegistration()
    await post('/auth/register', squatted).expect(202)
    const { email } = squatted
    await post('/auth/restore-password', { email }).expect(202)
    const token = tokenFrom(await mailTo(email, 'password'))
    const password = 'cut by hand again'
    await post('/auth/reset-password', { token, password }).expect(204)
    await post('/auth/login', { email, password }).expect(200)
  })

  it('repeats its answer for an Idempotency-Key', async () => {
    const account = buildRegistration()
    const key = { 'idempotency-key': account.username }
    await post('/auth/register', account, key).expect(202)
    const again = await post('/auth/register', account, key).expect(202)
    expect(again.headers['idempotency-replayed']).toBe('true')
  })

  it('still refuses what is no registration', async () => {
    await post('/auth/register', { ...buildRegistration(), email: 'nobody' }).expect(422)
  })
})

describe('a change of the e-mail where registrations are quiet', () => {
  async function signedIn() {
    const account = await verified()
    return { account, headers: await signIn(auth.url, account) }
  }

  it('answers the same for a free address and for one that is taken, and mails the owner no link', async () => {
    const owner = await verified()
    const { account, headers } = await signedIn()
    const free = `moved-${account.email}`
    const change = async (email: string) => {
      const body = { email, currentPassword: account.password }
      const { status, body: answer } = await request(auth.url)
        .patch('/api/v1/profile')
        .set(headers)
        .send(body)
      const { updatedAt, ...user } = answer.data as Record<string, unknown>
      expect(updatedAt).toEqual(expect.any(String))
      return { status, user }
    }
    const answers = [await change(owner.email.toUpperCase()), await change(free)]
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]).toMatchObject({ status: 200, user: { email: account.email } })
    const mail = await mailTo(owner.email, 'You have an account')
    expect(mail.raw).not.toContain(account.username)
    await mailTo(free, 'Confirm your address')
    const links = auth.smtp.mails.filter(
      ({ recipients, text }) => recipients.includes(owner.email) && text.includes('token='),
    )
    expect(links).toHaveLength(1)
  })

  it('leaves the address with its owner, also when the mail is asked for again', async () => {
    const owner = await verified()
    const { account, headers } = await signedIn()
    const body = { email: owner.email, currentPassword: account.password }
    await request(auth.url).patch('/api/v1/profile').set(headers).send(body).expect(200)
    await post('/auth/verify-email/resend', { email: account.email }).expect(202)
    await auth.settled()
    const links = auth.smtp.mails.filter(
      ({ recipients, text }) => recipients.includes(owner.email) && text.includes('token='),
    )
    expect(links).toHaveLength(1)
    await signIn(auth.url, owner)
    await signIn(auth.url, account)
  })
})
