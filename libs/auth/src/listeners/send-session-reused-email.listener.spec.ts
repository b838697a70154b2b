import request from 'supertest'
import { createUser, startMailedAuth, type MailedAuth } from '../testing/index.ts'

let auth: MailedAuth

beforeAll(async () => {
  auth = await startMailedAuth()
})
afterAll(() => auth.stop())

const post = (path: string, body: object) =>
  request(auth.url).post(`/api/v1/auth/${path}`).send(body)

/** As a client does that is told to come again, where a busy machine keeps a lock for long. */
async function present(token: string): Promise<number> {
  const { status } = await post('refresh-token', { refresh_token: token })
  return status === 503 ? present(token) : status
}

it('a stolen refresh token is told to its owner by one mail, however often it comes', async () => {
  const { user, password } = await createUser(auth.store)
  const { email } = user
  const { body } = await post('login', { email, password }).expect(200)
  const { refresh_token: stolen } = body as { refresh_token: string }
  await post('refresh-token', { refresh_token: stolen }).expect(200)
  auth.clock.advance(11_000)
  const statuses = await Promise.all(Array.from({ length: 5 }, () => present(stolen)))
  expect(statuses).toEqual([401, 401, 401, 401, 401])
  const isOurs = ({ recipients }: { recipients: string[] }) => recipients.includes(email)
  const mail = await auth.smtp.waitForMail(isOurs)
  expect(mail.subject).toMatch(/^You were logged out of .* on a device$/)
  expect(mail.text).toContain(user.username)
  // What comes later is a mail that was asked for later.
  await post('restore-password', { email }).expect(202)
  await auth.smtp.waitForMail((other) => isOurs(other) && other.text.includes('token='))
  expect(auth.smtp.mails.filter(isOurs)).toHaveLength(2)
})
