import request from 'supertest'
import { buildRegistration, startMailedAuth, tokenFrom, type MailedAuth } from '../testing/index.ts'

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
