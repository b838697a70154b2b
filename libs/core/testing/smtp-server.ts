import type { AddressInfo, Socket } from 'node:net'
import { simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server'
import { eventually, patienceMs } from './eventually.ts'

/** A mail as it came over SMTP. */
export interface ReceivedMail {
  /** The recipients of the envelope, which are those that get it. */
  recipients: string[]
  from: string
  to: string
  subject: string
  text: string
  html: string
  messageId: string
  raw: string
}

type SmtpStep = 'CONNECT' | 'MAIL FROM' | 'RCPT TO' | 'DATA'

export interface TestSmtpServer {
  /** For SMTP_URL. */
  url: string
  mails: ReceivedMail[]
  /** The recipients that were refused, in order. */
  refused: string[]
  /** The first mail that fits, also one that came before. Throws after `timeoutMs` (90 s). */
  waitForMail(fits?: (mail: ReceivedMail) => boolean, timeoutMs?: number): Promise<ReceivedMail>
  /** From now on every mail is refused at this step ("RCPT TO" if unset) with this code; 4xx means later, 5xx for good. */
  refuse(code: number, at?: SmtpStep): void
  /** From now on takes whole mails and never says whether it did. */
  holdData(): void
  /** From now on takes whole mails, keeps them, and cuts the connection in place of saying so. */
  dropAfterData(): void
  /** From now on waits this long before each answer. */
  slow(ms: number): void
  /** Takes mails again. */
  accept(): void
  /** Cuts every connection and answers on its port no more, until `up`. */
  down(): Promise<void>
  up(): Promise<void>
  /** How many connections were made so far. */
  connections(): number
  stop(): Promise<void>
}

/**
 * A real SMTP server on a free port, which keeps what it gets and can be told to misbehave.
 *
 * @example
 * const smtp = await startSmtpServer()
 * await mailer.send(stoneReady(stone), { messageId: 'a' })
 * expect((await smtp.waitForMail()).subject).toBe('Your stone is ready')
 * await smtp.stop()
 */
export async function startSmtpServer(): Promise<TestSmtpServer> {
  const mails: ReceivedMail[] = []
  let refusal: { code: number; at: SmtpStep } | undefined
  let holding = false
  let dropping = false
  let pauseMs = 0
  let connected = 0
  const sockets = new Set<Socket>()
  let server = createServer()
  const port = await listen(0)
  const refused: string[] = []
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refused,
    waitForMail,
    refuse,
    holdData,
    dropAfterData,
    slow,
    accept,
    down,
    up,
    connections: () => connected,
    stop: down,
  }

  function waitForMail(
    fits: (mail: ReceivedMail) => boolean = () => true,
    timeoutMs = patienceMs,
  ): Promise<ReceivedMail> {
    return eventually(() => mails.find(fits), timeoutMs)
  }

  function refuse(code: number, at: SmtpStep = 'RCPT TO'): void {
    refusal = { code, at }
  }

  function holdData(): void {
    holding = true
  }

  function dropAfterData(): void {
    dropping = true
  }

  function slow(ms: number): void {
    pauseMs = ms
  }

  function accept(): void {
    refusal = undefined
    holding = false
    dropping = false
    pauseMs = 0
  }

  async function down(): Promise<void> {
    await new Promise<void>((resolve) => server.close(resolve))
  }

  async function up(): Promise<void> {
    server = createServer()
    await listen(port)
  }

  function listen(on: number): Promise<number> {
    return new Promise((resolve, reject) => {
      server.server.once('error', reject)
      server.listen(on, '127.0.0.1', () => resolve((server.server.address() as AddressInfo).port))
    })
  }

  function createServer(): SMTPServer {
    const created = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      closeTimeout: 20,
      onConnect: (_session, answer) => {
        connected += 1
        later(() => answer(errorAt('CONNECT')))
      },
      onMailFrom: (_address, _session, answer) => later(() => answer(errorAt('MAIL FROM'))),
      onRcptTo: ({ address }, _session, answer) => {
        const error = errorAt('RCPT TO')
        if (error) refused.push(address)
        later(() => answer(error))
      },
      onData: (stream, { envelope }, answer) => {
        const recipients = envelope.rcptTo.map(({ address }) => address)
        take(stream, recipients).then(
          (error) => later(() => answer(error)),
          // The client went away in the middle of its mail: there is nobody to answer.
          () => undefined,
        )
      },
    })
    // A client that goes away in the middle is what some tests are about.
    created.on('error', () => undefined)
    created.server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    })
    return created
  }

  function later(answer: () => void): void {
    if (pauseMs > 0) setTimeout(answer, pauseMs)
    else answer()
  }

  function errorAt(step: SmtpStep): Error | null {
    if (refusal?.at !== step) return null
    return Object.assign(new Error('refused by the test'), { responseCode: refusal.code })
  }

  async function take(stream: SMTPServerDataStream, recipients: string[]): Promise<Error | null> {
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    const error = errorAt('DATA')
    if (error) return error
    if (holding) return new Promise(() => undefined)
    mails.push(await read(Buffer.concat(chunks).toString(), recipients))
    if (dropping) for (const socket of sockets) socket.destroy()
    return null
  }
}

async function read(raw: string, recipients: string[]): Promise<ReceivedMail> {
  const { from, to, subject = '', text = '', html, messageId = '' } = await simpleParser(raw)
  return {
    recipients,
    from: from?.text ?? '',
    to: [to ?? []]
      .flat()
      .map((addresses) => addresses.text)
      .join(', '),
    subject,
    text,
    html: html || '',
    messageId,
    raw,
  }
}
