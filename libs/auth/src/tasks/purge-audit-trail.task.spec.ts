import { startAuth, type TestAuth } from '../testing/index.ts'

const day = 86_400_000
let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth({ AUTH_AUDIT_RETENTION: '90d' })
})
afterAll(() => auth.stop())

const purgeTask = () =>
  auth.module.tasks?.find(({ task }) => task.name === 'auth.purge-audit-trail')

it('purge-audit-trail deletes what is older than AUTH_AUDIT_RETENTION, and nothing else', async () => {
  const now = auth.clock.now()
  const record = (daysAgo: number) =>
    auth.store.audit.record({
      action: 'registered',
      client: { device: undefined, address: undefined },
      at: new Date(now.getTime() - daysAgo * day),
    })
  for (const daysAgo of [400, 91, 89, 0]) await record(daysAgo)
  const { signal } = new AbortController()
  const job = { id: 'test', attempt: 1, signal, log: auth.core.log, progress: async () => {} }
  expect(await purgeTask()?.run({}, job)).toEqual({ purged: 2 })
  expect(await auth.core.database.client.auditEntry.count()).toBe(2)
})

it('purge-audit-trail runs by itself once a night', () => {
  expect(purgeTask()).toMatchObject({ schedule: { cron: '37 3 * * *' } })
})
