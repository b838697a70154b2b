import { startSmtpServer, type TestSmtpServer } from '../../testing/smtp-server.ts'
import { createLogger } from '../logging/index.ts'
import { createMetrics } from '../telemetry/index.ts'
import type { Email } from './email.ts'
import { createMailer, type Mailer } from './mailer.ts'

const welcome: Email = {
  template: 'auth.welcome',
  to: 'ada@example.com',
  subject: 'Willkommen, Zoë',
  html: '<p>Hallo, Zoë</p>',
  text: `Hallo, Zoë\n\nhttp://localhost:3000/${'a'.repeat(200)}\n`,
}

describe('a mailer', () => {
  let smtp: TestSmtpServer
  let mailer: Mailer
  let logged: string
  const metrics = createMetrics({ process: 'worker' })

  beforeEach(async () => {
    smtp = await startSmtpServer()
    logged = ''
    metrics.mailsSent.reset()
    mailer = mailerFor({})
  })
  afterEach(async () => {
    mailer.close()
    await smtp.stop()
  })

  it('sends both parts to the one recipient, from the configured sender', async () => {
    await mailer.send(welcome, { messageId: 'e1.auth.send-welcome-email' })
    const mail = await smtp.waitForMail()
    expect(mail).toMatchObject({
      recipients: ['ada@example.com'],
      from: '"Ashlar" <no-reply@example.com>',
      to: 'ada@example.com',
      subject: welcome.subject,
      text: welcome.text,
    })
    expect(mail.html).toContain('Hallo, Zoë')
    expect(mail.raw).toMatch(/^Auto-Submitted: auto-generated\r?$/m)
    expect(await outcomes()).toEqual({ sent: 1 })
  })

  it('names a mail after its delivery and the host of APP_URL, without the port', async () => {
    await mailer.send(welcome, { messageId: 'e1.auth.send-welcome-email' })
    const { messageId } = await smtp.waitForMail()
    expect(messageId).toBe('<e1.auth.send-welcome-email@app.example.com>')
  })

  it('uses few connections for many mails', async () => {
    const ids = Array.from({ length: 40 }, (_, number) => `many-${number}`)
    await Promise.all(ids.map((messageId) => mailer.send(welcome, { messageId })))
    expect(smtp.mails).toHaveLength(40)
    expect(smtp.connections()).toBeLessThanOrEqual(5)
  })

  it.each([
    'ada@example.com, eve@example.com',
    'ada@example.com;eve@example.com',
    'ada@example.com\r\nBcc: eve@example.com',
    'Ada <ada@example.com>',
    'ada@example.com>\r\nRCPT TO:<eve@example.com',
    'undisclosed: ada@example.com;',
    'ada@exämple.com',
    'ada',
    '',
  ])('refuses %j as a recipient', async (to) => {
    await expect(mailer.send({ ...welcome, to }, { messageId: 'a' })).rejects.toMatchObject({
      code: 'mail.refused',
    })
    expect(smtp.mails).toEqual([])
    expect(await outcomes()).toEqual({ refused: 1 })
  })

  it.each([
    ['a subject of two lines', { subject: 'Hello\r\nBcc: eve@example.com' }, 'a'],
    ['no subject', { subject: ' ' }, 'a'],
    ['no text part', { text: '' }, 'a'],
    ['no HTML part', { html: '\n' }, 'a'],
    ['a subject with a line separator', { subject: 'Hello\u2028Bcc: eve@example.com' }, 'a'],
    ['two lines to unsubscribe', { unsubscribeUrl: 'https://a.test/\r\nBcc: e@a.test' }, 'a'],
    ['two addresses to unsubscribe', { unsubscribeUrl: 'https://a.test>, <https://b.test' }, 'a'],
    ['an address to unsubscribe that is none', { unsubscribeUrl: 'mailto:a@a.test' }, 'a'],
    ['a message id of two lines', {}, 'a\r\nBcc: eve@example.com'],
  ])('refuses a mail with %s', async (_what, change, messageId) => {
    await expect(mailer.send({ ...welcome, ...change }, { messageId })).rejects.toMatchObject({
      code: 'mail.refused',
    })
    expect(smtp.mails).toEqual([])
  })

  it.each([
    [421, 'CONNECT', 'mail.unavailable'],
    [554, 'CONNECT', 'mail.unavailable'],
    [451, 'MAIL FROM', 'mail.unavailable'],
    [530, 'MAIL FROM', 'mail.unavailable'],
    [450, 'RCPT TO', 'mail.unavailable'],
    [421, 'RCPT TO', 'mail.unavailable'],
    [452, 'DATA', 'mail.unavailable'],
    [550, 'MAIL FROM', 'mail.refused'],
    [550, 'RCPT TO', 'mail.refused'],
    [552, 'DATA', 'mail.refused'],
  ] as const)('takes %i at %s for %s', async (responseCode, step, code) => {
    smtp.refuse(responseCode, step)
    const error = await failureOf(mailer.send(welcome, { messageId: 'a' }))
    expect(error).toMatchObject({ code })
    expect(everythingIn(error)).not.toMatch(/ada@|refused by the test/)
    smtp.accept()
    await mailer.send(welcome, { messageId: 'b' })
  })

  it('fails at once without a mail server, and sends again when it is back', async () => {
    await mailer.send(welcome, { messageId: 'before' })
    await smtp.down()
    await expect(mailer.send(welcome, { messageId: 'meanwhile' })).rejects.toMatchObject({
      code: 'mail.unavailable',
    })
    await smtp.up()
    await mailer.send(welcome, { messageId: 'after' })
    expect(smtp.mails.map(({ messageId }) => messageId.split('@')[0])).toEqual([
      '<before',
      '<after',
    ])
    expect(await outcomes()).toEqual({ sent: 2, failed: 1 })
  })

  it('gives up on a mail server that falls silent', async () => {
    smtp.holdData()
    const impatient = mailerFor({ timeoutMs: 200 })
    const startedAt = performance.now()
    await expect(impatient.send(welcome, { messageId: 'a' })).rejects.toMatchObject({
      code: 'mail.unavailable',
    })
    expect(performance.now() - startedAt).toBeLessThan(8_000)
    impatient.close()
  })

  it('gives up on a mail server that is never silent and never done', async () => {
    smtp.slow(390)
    const impatient = mailerFor({ timeoutMs: 520 })
    await expect(impatient.send(welcome, { messageId: 'a' })).rejects.toMatchObject({
      code: 'mail.unavailable',
    })
    smtp.accept()
    await impatient.send(welcome, { messageId: 'b' })
    impatient.close()
  })

  it('sends again, under the same id, what was cut off before the server said it has it', async () => {
    smtp.dropAfterData()
    await expect(mailer.send(welcome, { messageId: 'once' })).rejects.toMatchObject({
      code: 'mail.unavailable',
    })
    smtp.accept()
    await mailer.send(welcome, { messageId: 'once' })
    const ids = smtp.mails.map(({ messageId }) => messageId)
    expect(ids).toEqual(['<once@app.example.com>', '<once@app.example.com>'])
  })

  it('tells how to unsubscribe, with one click where the address is https', async () => {
    const unsubscribeUrl = `https://app.example.com/unsubscribe?token=${'a'.repeat(300)}`
    await mailer.send({ ...welcome, unsubscribeUrl }, { messageId: 'a' })
    const { raw } = await smtp.waitForMail()
    expect(raw).toContain(`List-Unsubscribe: <${unsubscribeUrl}>\r\n`)
    expect(raw).toContain('List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n')
    await mailer.send({ ...welcome, unsubscribeUrl: 'http://localhost:3000/u' }, { messageId: 'b' })
    expect(smtp.mails[1]?.raw).toContain('List-Unsubscribe: <http://localhost:3000/u>')
    expect(smtp.mails[1]?.raw).not.toContain('List-Unsubscribe-Post')
  })

  it('does not tell how to unsubscribe from what nobody subscribed to', async () => {
    await mailer.send(welcome, { messageId: 'a' })
    expect((await smtp.waitForMail()).raw).not.toContain('List-Unsubscribe')
  })

  it('keeps its password from a server without TLS in production', async () => {
    const smtpUrl = smtp.url.replace('//', '//user:hunter2hunter2@')
    const careful = mailerFor({ smtpUrl, appEnv: 'production' })
    const error = await failureOf(careful.send(welcome, { messageId: 'a' }))
    expect(error).toMatchObject({ code: 'mail.unavailable' })
    expect(everythingIn(error)).not.toContain('hunter2')
    expect(smtp.mails).toEqual([])
    careful.close()
  })

  it('logs neither the recipient nor the content', async () => {
    await mailer.send(welcome, { messageId: 'a' })
    expect(logged).toContain('"template":"auth.welcome"')
    expect(logged).not.toMatch(/ada@example|Hallo|hunter2/)
  })

  function mailerFor({
    smtpUrl = smtp.url,
    appEnv = 'local' as 'local' | 'production',
    timeoutMs = 5_000,
  }): Mailer {
    const destination = { write: (line: string) => void (logged += line) }
    return createMailer({
      config: {
        smtpUrl,
        appEnv,
        mailFrom: 'Ashlar <no-reply@example.com>',
        appUrl: 'https://app.example.com:8443/base',
      },
      log: createLogger({ name: 'worker', config: { logLevel: 'debug' }, destination }),
      metrics,
      timeoutMs,
    })
  }

  async function outcomes(): Promise<Record<string, number>> {
    const { values } = await metrics.mailsSent.get()
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels.outcome), value]))
  }
})

const failureOf = (work: Promise<void>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return [error.message, error.stack, JSON.stringify(error), everythingIn(error.cause)].join('\n')
}
