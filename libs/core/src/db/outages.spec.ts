import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { createTestCore, eventually, startTcpProxy, type TestCore } from '../../testing/index.ts'
import { createDatabase } from './index.ts'

let test: TestCore
const closings: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  test = await createTestCore()
})
afterAll(() => test.stop())
afterEach(async () => {
  for (const close of closings.splice(0)) await close()
})

/** A database of a process, and what it logs. */
function open(databaseUrl: string) {
  const lines: { level: number; msg: string; reason?: string; failures?: number }[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number])
  const database = createDatabase({
    config: { ...test.core.config, databaseUrl },
    log: pino({}, { write }),
  })
  closings.unshift(database.close)
  return { ...database, lines }
}

async function startProxy() {
  const proxy = await startTcpProxy(test.core.config.databaseUrl)
  closings.push(proxy.close)
  return proxy
}

const said = 'the connection to PostgreSQL fails'
const saidAgain = 'the connection to PostgreSQL works again'

it('a process that gets no connection says why, asked or not, and when it has one', async () => {
  const { pool } = test.core.database
  const role = `crowded_${randomBytes(4).toString('hex')}`
  const password = randomBytes(16).toString('hex')
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}' CONNECTION LIMIT 0`)
  const url = Object.assign(new URL(test.core.config.databaseUrl), { username: role, password })
  const { start, ping, lines } = open(url.href)
  await start()
  await expect(ping()).rejects.toMatchObject({ code: 'database.unavailable' })
  expect(lines).toEqual([expect.objectContaining({ level: 40, msg: said, failures: 1 })])
  expect(lines[0]?.reason).toBe(`too many connections for role "${role}"`)
  await pool.query(`ALTER ROLE ${role} CONNECTION LIMIT 20`)
  await eventually(() => lines.length > 1)
  await ping()
  expect(lines[1]).toMatchObject({ level: 30, msg: saidAgain })
  closings.push(() => pool.query(`DROP ROLE ${role}`))
})

it('an outage is told in one line each way, with its failures, and the connections come back by themselves', async () => {
  const proxy = await startProxy()
  const { start, pool, client, lines } = open(proxy.url)
  await start()
  const before = pool.totalCount
  await proxy.reset()
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => client.user.count()))
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
  await proxy.restore()
  await eventually(() => lines.at(-1)?.msg === saidAgain)
  // A busy machine may take longer than the five seconds after which an outage is told again.
  expect(new Set(lines.slice(0, -1).map(({ msg }) => msg))).toEqual(new Set([said]))
  expect(lines.length).toBeLessThan(before)
  await eventually(() => pool.idleCount === 4)
  expect(lines.at(-1)?.failures).toBeGreaterThan(before)
})

it('a process on a slow machine is ready once its first connections are open, however late', async () => {
  const proxy = await startProxy()
  proxy.slowDown(1_500)
  const { start, ping, pool } = open(proxy.url)
  await start()
  expect(pool.idleCount).toBe(0)
  await expect(ping()).rejects.toMatchObject({ code: 'database.unavailable' })
  await eventually(() =>
    ping().then(
      () => true,
      () => false,
    ),
  )
  expect(pool.idleCount).toBe(4)
})
