import { SpanKind } from '@opentelemetry/api'
import { createTransport } from 'nodemailer'
import type { CoreConfig } from '../config/index.ts'
import type { Logger } from '../logging/index.ts'
import { withSpan, type Metrics } from '../telemetry/index.ts'
import { checkEmail, checkMessageId } from './check-email.ts'
import type { Email } from './email.ts'
import { mailRefused } from './mail.errors.ts'
import { toMailError } from './mail-failure.ts'

export interface MailerDeps {
  config: Pick<CoreConfig, 'smtpUrl' | 'mailFrom' | 'appUrl' | 'appEnv'>
  log: Logger
  metrics: Pick<Metrics, 'mailsSent'>
  /** How long the mail server may stay silent, in milliseconds; 10 s if unset. A whole mail may take three times as long. */
  timeoutMs?: number
}

export interface SendOptions {
  /** A word that is the same on each try, such as the id of the delivery: the part of `Message-ID` before the `@`. */
  messageId: string
}

export interface Mailer {
  /**
   * Hands a mail to the mail server. Throws `mail.unavailable` where a repeat may help and `mail.refused` where it cannot.
   *
   * @example
   * await mailer.send(stoneReady(stone), { messageId: delivery.id })
   */
  send(email: Email, options: SendOptions): Promise<void>
  /** Ends the connections. */
  close(): void
}

/** Nothing is connected before the first mail, so a process starts without the mail server. */
export function createMailer({ config, log, metrics, timeoutMs = 10_000 }: MailerDeps): Mailer {
  const transport = createTransport({
    pool: true,
    url: config.smtpUrl ?? unknownServer,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(sendsPasswordAbroad(config) && { requireTLS: true }),
  })
  // Each mail gets its own error. Without a listener, that of an idle connection would end the process.
  transport.on('error', (error) => log.debug({ reason: String(error) }, 'lost a mail connection'))
  const host = new URL(config.appUrl).hostname
  return { send, close: () => transport.close() }

  function send(email: Email, { messageId }: SendOptions): Promise<void> {
    const attributes = { 'mail.template': email.template, 'mail.message_id': messageId }
    return withSpan('mail.send', { kind: SpanKind.CLIENT, attributes }, () =>
      sendAndCount(email, messageId),
    )
  }

  async function sendAndCount(email: Email, messageId: string): Promise<void> {
    const { template } = email
    const startedAt = performance.now()
    try {
      if (config.smtpUrl === undefined)
        throw new Error(
          'SMTP_URL is given to the worker alone: leave the mail to it with store.mail.queue.',
        )
      checkEmail(email)
      checkMessageId(messageId)
      await handOver(email, messageId)
    } catch (error) {
      const refused = isRefusal(error)
      metrics.mailsSent.inc({ template, outcome: refused ? 'refused' : 'failed' })
      throw error
    }
    metrics.mailsSent.inc({ template, outcome: 'sent' })
    const durationMs = Math.round(performance.now() - startedAt)
    log.info({ template, messageId, durationMs }, 'sent a mail')
  }

  async function handOver(email: Email, messageId: string): Promise<void> {
    const { to, subject, html, text, unsubscribeUrl } = email
    const mail = {
      from: config.mailFrom,
      // An object, because a comma in a string adds a recipient.
      to: { name: '', address: to },
      subject,
      html,
      text,
      messageId: `<${messageId}@${host}>`,
      // RFC 3834: nobody's out-of-office note shall answer.
      headers: { 'Auto-Submitted': 'auto-generated', ...unsubscribeHeaders(unsubscribeUrl) },
      signal: AbortSignal.timeout(3 * timeoutMs),
    }
    await transport.sendMail(mail).catch((error: unknown) => {
      throw toMailError(error)
    })
  }
}

/** The address of a process that sends none; RFC 2606 reserves it, so nobody is there. */
const unknownServer = 'smtp://mail.invalid'

/** RFC 2369, and RFC 8058 for addresses that it allows to be asked without a look: those of https. */
function unsubscribeHeaders(url: string | undefined) {
  if (url === undefined) return {}
  return {
    'List-Unsubscribe': { prepared: true, foldLines: false, value: `<${url}>` },
    ...(url.startsWith('https:') && { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
  }
}

const isRefusal = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === mailRefused.code

/** Without it, a server (or somebody in between) that does not offer STARTTLS gets the password in clear text. */
function sendsPasswordAbroad({ smtpUrl, appEnv }: MailerDeps['config']): boolean {
  const { protocol, password } = new URL(smtpUrl ?? unknownServer)
  return (
    protocol === 'smtp:' && password !== '' && (appEnv === 'staging' || appEnv === 'production')
  )
}
