import { setTimeout as sleep } from 'node:timers/promises'
import { createTestCore, type TestCore } from '../../testing/index.ts'
import { CleanPool } from './clean-pool.ts'

let test: TestCore
let pool: CleanPool

beforeAll(async () => {
  test = await createTestCore()
  pool = new CleanPool({
    connectionString: test.core.config.databaseUrl,
    max: 1,
    cancelAfterMs: 400,
  })
})
afterAll(async () => {
  await pool.end()
  await test.stop()
})

const backend = async (): Promise<unknown> =>
  (await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid

describe('a statement that takes too long', () => {
  it('ends on the server, which answers that it did nothing', async () => {
    await expect(pool.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' })
  })

  it('leaves no connection on which the cancellation could meet another statement', async () => {
    const before = await backend()
    await expect(pool.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' })
    expect(await backend()).not.toBe(before)
  })

  it('is one statement, not many short ones, nor a pause between two', async () => {
    const client = await pool.connect()
    const until = performance.now() + 1_500
    while (performance.now() < until) await client.query('SELECT pg_sleep(0.05)')
    await client.query('BEGIN')
    await sleep(1_000)
    await client.query('COMMIT')
    client.release()
    expect(await backend()).toEqual(expect.any(Number))
  })
})
