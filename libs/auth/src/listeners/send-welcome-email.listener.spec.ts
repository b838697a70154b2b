import { startSmtpServer, type TestSmtpServer } from '@ashlar/core/testing'
import { createUser, startAuth, type TestAuth } from '../testing/index.ts'

let auth: TestAuth
let smtp: TestSmtpServer

beforeAll(async () => {
  smtp = await startSmtpServer()
  auth = await startAuth({ SMTP_URL: smtp.url })
})
afterAll(async () => {
  await auth.stop()
  await smtp.stop()
})

/** Hands the event over as a worker does. */
async function deliver(userId: number, id: string): Promise<void> {
  const [listener] = auth.module.listeners ?? []
  const { signal } = new AbortController()
  const { log } = auth.core
  const occurredAt = new Date()
  await listener?.handle({ userId }, { id, eventId: id, occurredAt, attempt: 1, signal, log })
}

describe('the welcome e-mail', () => {
  it('goes to the user, with an id by which a repeat can be told', async () => {
    const { user } = await createUser(auth.store)
    await deliver(user.id, 'event-1.auth.send-welcome-email')
    const mail = await smtp.waitForMail(({ recipients }) => recipients.includes(user.email))
    expect(mail.messageId).toBe('<event-1.auth.send-welcome-email@api.test>')
    expect(mail.text).toContain(user.username)
    expect(mail.html).toContain(user.username)
  })

  it('is not sent, quietly, to a user who is gone or was never there', async () => {
    const { user } = await createUser(auth.store)
    await auth.core.database.client.user.delete({ where: { id: user.id } })
    const before = smtp.mails.length
    await deliver(user.id, 'event-2')
    await deliver(999_999, 'event-3')
    expect(smtp.mails).toHaveLength(before)
  })

  it('fails where the mail server is away, so that the delivery is tried again', async () => {
    const { user } = await createUser(auth.store)
    await smtp.down()
    await expect(deliver(user.id, 'event-4')).rejects.toMatchObject({ code: 'mail.unavailable' })
    await smtp.up()
    await deliver(user.id, 'event-4')
    await smtp.waitForMail(({ recipients }) => recipients.includes(user.email))
  })
})
