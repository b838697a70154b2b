import request from 'supertest'
import {
  startSmtpServer,
  startWorker,
  type TestSmtpServer,
  type TestWorker,
} from '@ashlar/core/testing'
import { createUser, startAuth, type TestAuth } from '../testing/index.ts'

let auth: TestAuth
let smtp: TestSmtpServer
let worker: TestWorker

beforeAll(async () => {
  smtp = await startSmtpServer()
  auth = await startAuth({ SMTP_URL: smtp.url })
  worker = await startWorker(auth.core, [auth.module])
})
afterAll(async () => {
  await worker.stop()
  await auth.stop()
  await smtp.stop()
})

const post = (path: string, body: object) =>
  request(auth.url).post(`/api/v1/auth/${path}`).send(body)

it('a stolen refresh token is told to its owner by one mail, however often it comes', async () => {
  const { user, password } = await createUser(auth.store)
  const { email } = user
  const { body } = await post('login', { email, password }).expect(200)
  const { refresh_token: stolen } = body as { refresh_token: string }
  await post('refresh-token', { refresh_token: stolen }).expect(200)
  auth.clock.advance(11_000)
  await Promise.all(
    Array.from({ length: 5 }, () => post('refresh-token', { refresh_token: stolen }).expect(401)),
  )
  const isOurs = ({ recipients }: { recipients: string[] }) => recipients.includes(email)
  const mail = await smtp.waitForMail(isOurs)
  expect(mail.subject).toMatch(/^You were logged out of .* on a device$/)
  expect(mail.text).toContain(user.username)
  // What comes later is a mail that was asked for later.
  await post('restore-password', { email }).expect(202)
  await smtp.waitForMail((other) => isOurs(other) && other.text.includes('token='))
  expect(smtp.mails.filter(isOurs)).toHaveLength(2)
})
