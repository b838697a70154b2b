import { eventually } from '@ashlar/core/testing'
import { postJson, register, signInToDashboard } from './clients.ts'
import type { RunningProcess } from './running-process.ts'
import { createSystem, type System } from './system.ts'

let system: System
let api: RunningProcess
let worker: RunningProcess
let scheduler: RunningProcess
let dashboard: RunningProcess

beforeAll(async () => {
  system = await createSystem()
  ;[api, worker, scheduler, dashboard] = await Promise.all([
    system.start('api'),
    system.start('worker'),
    system.start('scheduler'),
    system.start('admin-dashboard'),
  ])
})
afterAll(() => system.stop())

describe('The built system', () => {
  it('takes a registration from HTTP to the mail, the log-in, the profile and the dashboard', async () => {
    const user = await register(api)

    const mail = await system.smtp.waitForMail(
      ({ recipients, subject }) => recipients.includes(user.email) && subject.includes('Welcome'),
    )
    expect(mail.text).toContain(user.username)
    expect(mail.html).toContain(user.username)
    expect(mail.messageId).toMatch(/^<[0-9a-f-]{36}\.auth\.send-welcome-email@localhost>$/)

    const login = await postJson(`${api.url}/api/v1/auth/login`, credentialsOf(user))
    const { access_token: token } = (await login.json()) as { access_token: string }
    const profile = await fetch(`${api.url}/api/v1/profile`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(await profile.json()).toMatchObject({ data: { id: user.id, email: user.email } })

    const cookie = await signInToDashboard(dashboard, system.admin)
    const jobs = await eventually(async () => {
      const answer = await fetch(
        `${dashboard.url}/queues/api/queues?activeQueue=auth.events&status=completed`,
        { headers: { cookie } },
      )
      const text = await answer.text()
      return text.includes('auth.send-welcome-email') && text
    })
    expect(jobs).toContain(mail.messageId.slice(1, 37))
    expect(jobs).not.toContain(user.password)
  })

  it('serves metrics and health of every process on its management port alone', async () => {
    for (const { managementUrl } of [api, worker, scheduler, dashboard]) {
      const metrics = await (await fetch(`${managementUrl}/metrics`)).text()
      expect(metrics).toContain('process_cpu_seconds_total')
      expect((await fetch(`${managementUrl}/health/live`)).status).toBe(200)
    }
    expect((await fetch(`${api.url}/metrics`)).status).toBe(404)
    expect((await fetch(`${dashboard.url}/metrics`)).status).toBe(404)
    expect((await fetch(`${api.url}/health/ready`)).status).toBe(200)
  })

  it('counts requests by route template, jobs, mails and the outbox', async () => {
    const metricsOf = async ({ managementUrl }: RunningProcess) =>
      (await fetch(`${managementUrl}/metrics`)).text()
    await register(api)
    expect(await metricsOf(api)).toMatch(
      /http_request_duration_seconds_count\{[^}]*route="\/api\/v1\/auth\/register"[^}]*\} \d+/,
    )
    await eventually(async () =>
      /job_duration_seconds_count\{[^}]*outcome="completed"/.test(await metricsOf(worker)),
    )
    await eventually(async () => /outbox_unpublished_events\S* 0/.test(await metricsOf(scheduler)))
    expect(await metricsOf(worker)).toMatch(/mails_sent_total\{[^}]*template="auth\.welcome"/)
  })

  it('has the scheduled task of the auth module in its queue', async () => {
    const cookie = await signInToDashboard(dashboard, system.admin)
    const delayed = await eventually(async () => {
      const answer = await fetch(
        `${dashboard.url}/queues/api/queues?activeQueue=auth.tasks&status=delayed`,
        { headers: { cookie } },
      )
      const text = await answer.text()
      return text.includes('auth.purge-expired-sessions') && text
    })
    expect(delayed).toContain('auth.purge-expired-sessions')
  })

  it('prints no warning, deprecation or stack in a healthy run', () => {
    for (const running of [api, worker, scheduler, dashboard])
      expect(running.output()).not.toMatch(/warn|deprecat|\n\s+at |"level":"(error|fatal)"/i)
  })

  it('ends each process with exit code 0 on SIGTERM', async () => {
    const codes = await Promise.all([api, worker, scheduler, dashboard].map((each) => each.stop()))
    expect(codes).toEqual([0, 0, 0, 0])
  })
})

const credentialsOf = ({ email, password }: { email: string; password: string }) => ({
  email,
  password,
})
