import { z } from 'zod'
import {
  createTestCore,
  eventually,
  startSmtpServer,
  startWorker,
  type TestCore,
  type TestSmtpServer,
  type TestWorker,
} from '../../testing/index.ts'
import type { FeatureModule } from '../module/index.ts'
import { createStore, type Store } from '../store/index.ts'
import { defineEmail, sendQueuedEmails } from './index.ts'

const Props = z.object({ to: z.string(), stone: z.string() })
const sample = { to: 'ada@example.com', stone: 'granite' }

const stoneReady = defineEmail('quarry.stone-ready', Props, {
  sample,
  render: ({ to, stone }) => ({ to, subject: `Your ${stone}`, html: `<p>${stone}</p>` }),
})
const keyReady = defineEmail('quarry.key-ready', Props, { ...optionsOf(stoneReady), secret: true })
const tokenReady = defineEmail('quarry.token-ready', Props.extend({ accessToken: z.string() }), {
  sample: { ...sample, accessToken: 'a' },
  render: ({ to }) => ({ to, subject: 'S', html: '<p>H</p>' }),
})
const unknown = defineEmail('quarry.unknown', Props, optionsOf(stoneReady))

function optionsOf({ render }: typeof stoneReady) {
  return { sample, render: (props: z.output<typeof Props>) => render(props) }
}

let smtp: TestSmtpServer
let test: TestCore
let worker: TestWorker | undefined
let store: Store<object>
let quarry: FeatureModule

beforeAll(async () => {
  smtp = await startSmtpServer()
  test = await createTestCore({ environment: { SMTP_URL: smtp.url } })
  store = createStore(test.core, () => ({}))
  quarry = {
    name: 'quarry',
    tasks: [sendQueuedEmails({ mailer: test.core.mailer, emails: [stoneReady] })],
    gateway: undefined,
  }
})
afterEach(async () => {
  smtp.accept()
  await worker?.stop()
  worker = undefined
})
afterAll(async () => {
  await test.stop()
  await smtp.stop()
})

const work = async () => (worker = await startWorker(test.core, [quarry]))
const sentTo = (to: string) => smtp.mails.filter(({ recipients }) => recipients.includes(to))

describe('a queued mail', () => {
  it('is sent by a worker, rendered from what the job holds', async () => {
    await store.mail.queue(stoneReady, { to: 'one@example.com', stone: 'marble' })
    await work()
    const mail = await smtp.waitForMail(({ to }) => to === 'one@example.com')
    expect(mail).toMatchObject({ subject: 'Your marble', text: 'marble\n' })
    expect(mail.messageId).toMatch(/^<[0-9a-f-]{36}\.quarry\.send-email@api\.test>$/)
  })

  it('is sent if its transaction commits, and only then', async () => {
    const undone = store.transaction(async (store) => {
      await store.mail.queue(stoneReady, { to: 'undone@example.com', stone: 'marble' })
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    await store.transaction((store) =>
      store.mail.queue(stoneReady, { to: 'done@example.com', stone: 'marble' }),
    )
    await work()
    await smtp.waitForMail(({ to }) => to === 'done@example.com')
    expect(sentTo('undone@example.com')).toEqual([])
  })

  it('is sent again under the same Message-ID when the server says later', async () => {
    smtp.refuse(451, 'DATA')
    await store.mail.queue(stoneReady, { to: 'later@example.com', stone: 'marble' })
    await work()
    await eventually(() => jobLine('a job failed and will be tried again'))
    smtp.accept()
    const mail = await smtp.waitForMail(({ to }) => to === 'later@example.com')
    expect(mail.messageId).toContain(
      String(jobLine('a job failed and will be tried again')?.['jobId']),
    )
    expect(sentTo('later@example.com')).toHaveLength(1)
  })

  it('is dead at once, with its reason, when the server refuses it for good', async () => {
    smtp.refuse(550, 'RCPT TO')
    await store.mail.queue(stoneReady, { to: 'gone@example.com', stone: 'marble' })
    await work()
    await eventually(() => jobLine('a job failed for good'))
    expect(jobLine('a job failed for good')).toMatchObject({
      status: 'dead',
      attempt: 1,
      err: { definition: { code: 'mail.refused' } },
    })
    const { rows } = await test.core.database.pool.query(
      `SELECT error FROM event_delivery WHERE listener_id = 'quarry.send-email' AND dead_at IS NOT NULL`,
    )
    expect(JSON.stringify(rows)).toContain('mail.refused')
    expect(JSON.stringify(rows)).not.toContain('gone@example.com')
  })

  it.each([
    ['a secret template', () => store.mail.queue(keyReady, sample)],
    [
      'a prop named like a secret',
      () => store.mail.queue(tokenReady, { ...sample, accessToken: 'a' }),
    ],
  ])('cannot hold %s', async (_what, queue) => {
    await expect(queue()).rejects.toThrow('a secret must not wait in a queue')
  })

  it('is refused where it is queued, if its props break the schema or it could never be sent', async () => {
    const broken = { to: 'a@example.com', stone: 7 } as never
    await expect(store.mail.queue(stoneReady, broken)).rejects.toThrow('/stone')
    const injected = { to: 'a@example.com\r\nBcc: eve@example.com', stone: 'marble' }
    await expect(store.mail.queue(stoneReady, injected)).rejects.toMatchObject({
      code: 'mail.refused',
    })
  })

  it('waits for a worker that knows its template', async () => {
    await store.mail.queue(unknown, { to: 'unknown@example.com', stone: 'marble' })
    await work()
    await eventually(() =>
      test.lines.some(({ reason }) => String(reason).includes('no template quarry.unknown')),
    )
    expect(sentTo('unknown@example.com')).toEqual([])
  })

  it('belongs to one module', () => {
    const foreign = defineEmail('mason.hello', Props, optionsOf(stoneReady))
    const { mailer } = test.core
    expect(() => sendQueuedEmails({ mailer, emails: [stoneReady, foreign] })).toThrow('one module')
  })

  function jobLine(message: string) {
    return test.lines.findLast(({ msg, job }) => msg === message && job === 'quarry.send-email')
  }
})
