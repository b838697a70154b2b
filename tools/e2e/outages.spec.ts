import { eventually } from '@ashlar/core/testing'
import { postJson, register } from './clients.ts'
import type { RunningProcess } from './running-process.ts'
import { createSystem, type System } from './system.ts'

let system: System
let api: RunningProcess

beforeAll(async () => {
  system = await createSystem()
  api = await system.start('api')
})
afterAll(() => system.stop())
afterEach(() => system.smtp.accept())

/** A registration leads to two mails; these tests follow one of them. */
const isWelcomeTo = (email: string) => (mail: { recipients: string[]; messageId: string }) =>
  mail.recipients.includes(email) && mail.messageId.includes('auth.send-welcome-email')

const mailTo = (email: string) => system.smtp.waitForMail(isWelcomeTo(email))

describe('A registration', () => {
  it('gets its mail when the worker that was down is back', async () => {
    const user = await register(api)
    const worker = await system.start('worker')
    await mailTo(user.email)
    expect(await worker.stop()).toBe(0)
  })

  it('answers 201 while the mail server is down, and the mail comes when it is back', async () => {
    const worker = await system.start('worker')
    await system.smtp.down()
    const user = await register(api)
    await eventually(async () => {
      const metrics = await (await fetch(`${worker.managementUrl}/metrics`)).text()
      return /mails_sent_total\{[^}]*outcome="(?!sent)/.test(metrics)
    })
    await system.smtp.up()
    await mailTo(user.email)
    await worker.stop()
  })

  it('gets its mail, under the Message-ID of the first attempt, when the worker was killed while it sent', async () => {
    system.smtp.holdData()
    const killed = await system.start('worker')
    const before = system.smtp.connections()
    const user = await register(api)
    await eventually(() => system.smtp.connections() > before)
    killed.kill('SIGKILL')
    await killed.stop()
    system.smtp.accept()
    const worker = await system.start('worker')
    await mailTo(user.email)
    await worker.stop()
    const mails = system.smtp.mails.filter(isWelcomeTo(user.email))
    expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1)
  })

  it('works without Redis, which readiness and metrics tell, and the mail comes when Redis is back', async () => {
    const worker = await system.start('worker')
    await system.redis.cut()
    await eventually(async () => {
      const ready = await fetch(`${api.url}/health/ready`)
      return ready.status === 200 && (await ready.text()).includes('"redis":"down"')
    })
    await eventually(async () =>
      /redis_up\S* 0/.test(await (await fetch(`${api.managementUrl}/metrics`)).text()),
    )
    const user = await register(api)
    const login = await postJson(`${api.url}/api/v1/auth/login`, {
      email: user.email,
      password: user.password,
    })
    expect(login.status).toBe(200)
    await eventually(
      async () => (await fetch(`${worker.managementUrl}/health/ready`)).status === 503,
    )
    await system.redis.restore()
    await mailTo(user.email)
    await worker.stop()
  })
})
