import { buildRegistration } from '@ashlar/auth/testing'
import { postJson } from './clients.ts'
import { createSystem, type System } from './system.ts'

let system: System

beforeAll(async () => {
  system = await createSystem()
})
afterAll(() => system.stop())

const withoutKeys = { AUTH_JWT_PRIVATE_KEY: undefined, AUTH_TOTP_KEY: undefined }
const production = {
  APP_ENV: 'production',
  APP_URL: 'https://api.example.com',
  MAIL_FROM: 'no-reply@example.com',
}

it('each process does its work with no secret but its own', async () => {
  const [api, worker, scheduler, dashboard] = await Promise.all([
    system.start('api', { SMTP_URL: undefined }),
    system.start('worker', withoutKeys),
    system.start('scheduler', { ...withoutKeys, SMTP_URL: undefined }),
    system.start('admin-dashboard', { ...withoutKeys, SMTP_URL: undefined }),
  ])
  const account = buildRegistration()
  const { email, password } = account
  expect((await postJson(`${api.url}/api/v1/auth/register`, account)).status).toBe(201)
  await system.smtp.waitForMail(({ recipients }) => recipients.includes(email))
  expect((await postJson(`${api.url}/api/v1/auth/login`, { email, password })).status).toBe(200)
  const login = await fetch(`${dashboard.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: dashboard.url },
    body: new URLSearchParams(system.admin),
  })
  expect(login.status).toBe(303)
  const all = [api, worker, scheduler, dashboard]
  expect(await Promise.all(all.map((running) => running.stop()))).toEqual([0, 0, 0, 0])
})

it.each([
  ['api', 'AUTH_JWT_PRIVATE_KEY'],
  ['worker', 'SMTP_URL'],
  ['admin-dashboard', 'DATABASE_URL'],
])('the %s does not start without its %s', async (app, key) => {
  const refused = system.start(app, { [key]: undefined })
  await expect(refused).rejects.toThrow(`It ended with 78`)
  await expect(refused).rejects.toThrow(`${key} is missing`)
})

it('no process starts in production with a local or open address of the api', async () => {
  for (const url of [undefined, 'http://api.example.com', 'https://localhost:3000'])
    for (const app of ['api', 'worker', 'scheduler', 'admin-dashboard']) {
      const refused = system.start(app, { ...production, APP_URL: url })
      await expect(refused).rejects.toThrow(/It ended with 78[^]*APP_URL must be/)
    }
})

it('a process in production warns of what is unwise, and starts', async () => {
  const careless = {
    ...production,
    RATE_LIMIT_ENABLED: 'false',
    AUTH_PASSWORD_MEMORY: '8192',
    LOG_LEVEL: 'debug',
  }
  const api = await system.start('api', careless)
  const warnings = api
    .output()
    .split('\n')
    .filter((line) => line.includes('"level":"warn"'))
    .map((line) => (JSON.parse(line) as { key?: string }).key)
  expect(warnings).toEqual(['LOG_LEVEL', 'RATE_LIMIT_ENABLED', 'AUTH_PASSWORD_MEMORY'])
  expect(await api.stop()).toBe(0)
})
