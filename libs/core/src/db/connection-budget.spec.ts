import { pino } from 'pino'
import { createTestCore, eventually, type TestCore } from '../../testing/index.ts'
import { createDatabase, type Database } from './index.ts'

let test: TestCore
let started: Database[]
let lines: { msg: string; processes: number; allowed: number; possible: number }[]

beforeAll(async () => {
  test = await createTestCore()
})
afterAll(() => test.stop())
beforeEach(() => {
  started = []
  lines = []
})
afterEach(() => Promise.all(started.map((database) => database.close())))

/** Like another replica: it starts, and its readiness is probed. */
async function startProcess(environment: Partial<TestCore['core']['config']>): Promise<void> {
  const write = (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number])
  const log = pino({ level: 'warn' }, { write })
  const config = { ...test.core.config, appEnv: 'production' as const, ...environment }
  const database = createDatabase({ config, log })
  started.push(database)
  await database.start()
  await eventually(() =>
    database.ping().then(
      () => true,
      () => false,
    ),
  )
}

it('a process warns when the pools of all that are connected exceed what the server allows', async () => {
  const { rows } = await test.core.database.pool.query<{ max: number }>(
    `SELECT current_setting('max_connections')::int AS max`,
  )
  const half = { appName: 'budget', databasePoolSize: Math.floor(rows[0]!.max / 2) }
  await startProcess(half)
  expect(lines).toEqual([])
  await startProcess(half)
  expect(lines).toMatchObject([
    { processes: 2, msg: expect.stringContaining('Lower DATABASE_POOL_SIZE') },
  ])
  expect(lines[0]!.possible).toBeGreaterThan(lines[0]!.allowed)
})

it.each([
  ['outside production', { appEnv: 'staging' as const }],
  ['behind a pooler, which opens the connections', { databasePooler: true }],
])('nobody is warned %s', async (_, environment) => {
  await startProcess({ appName: 'no budget', databasePoolSize: 1_000, ...environment })
  expect(lines).toEqual([])
})
