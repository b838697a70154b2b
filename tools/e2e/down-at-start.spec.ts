import { eventually, startTcpProxy, type TcpProxy } from '@ashlar/core/testing'
import { buildRegistration } from '@ashlar/auth/testing'
import { postJson, signInToDashboard } from './clients.ts'
import type { RunningProcess } from './running-process.ts'
import { createSystem, type System } from './system.ts'

let system: System
/** Stands before the server that is away. */
let door: TcpProxy

beforeAll(async () => {
  system = await createSystem()
})
afterAll(() => system.stop())
afterEach(() => door.close())

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status

const readinessOf = (processes: RunningProcess[]): Promise<number[]> =>
  Promise.all(processes.map(({ managementUrl }) => statusOf(`${managementUrl}/health/ready`)))

const register = (api: RunningProcess, account = buildRegistration()) =>
  postJson(`${api.url}/api/v1/auth/register`, account)

const expectMailTo = (email: string) =>
  system.smtp.waitForMail(({ recipients }) => recipients.includes(email))

const logIn = ({ url }: RunningProcess) =>
  fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url },
    body: new URLSearchParams(system.admin),
  })

type Started = Awaited<ReturnType<typeof startWithout>>

/** All four, each as ready as it can be. */
async function startWithout(key: 'DATABASE_URL' | 'REDIS_URL', url: string) {
  door = await startTcpProxy(url)
  await door.cut()
  const start = (app: string) => system.start(app, { [key]: door.url }, 'live')
  const all = await Promise.all([
    start('api'),
    start('worker'),
    start('scheduler'),
    start('admin-dashboard'),
  ])
  return { all, api: all[0], dashboard: all[3] }
}

async function expectRecovery({ all, api, dashboard }: Started): Promise<void> {
  await door.restore()
  await eventually(async () => (await readinessOf(all)).every((status) => status === 200))
  const account = buildRegistration()
  expect((await register(api, account)).status).toBe(201)
  await expectMailTo(account.email)
  expect((await logIn(dashboard)).status).toBe(303)
  for (const running of all) expect(running.output()).not.toContain('"level":"fatal"')
  expect(await Promise.all(all.map((running) => running.stop()))).toEqual([0, 0, 0, 0])
}

it('processes that start while PostgreSQL is away live, are not ready, answer 503, and work once it is there', async () => {
  const started = await startWithout('DATABASE_URL', system.databaseUrl)
  expect(await readinessOf(started.all)).toEqual([503, 503, 503, 503])
  const answer = await register(started.api)
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await answer.json()).toMatchObject({ code: 'database.unavailable' })
  expect((await logIn(started.dashboard)).status).toBe(503)
  await expectRecovery(started)
})

it('processes that start while Redis is away live: the api works and limits, the others wait for it, and only the queues of the dashboard are away', async () => {
  const started = await startWithout('REDIS_URL', system.redis.url)
  expect(await readinessOf(started.all)).toEqual([200, 503, 503, 503])
  const account = buildRegistration()
  const answer = await register(started.api, account)
  expect([answer.status, answer.headers.has('ratelimit')]).toEqual([201, true])
  const cookie = await signInToDashboard(started.dashboard, system.admin)
  const queues = await fetch(`${started.dashboard.url}/queues/api/queues`, { headers: { cookie } })
  expect(queues.status).toBe(503)
  await expectRecovery(started)
  await expectMailTo(account.email)
})
