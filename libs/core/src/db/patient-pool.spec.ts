import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createTestCore,
  eventually,
  startTcpProxy,
  type TcpProxy,
  type TestCore,
} from '../../testing/index.ts'
import { PatientPool, type PatientPoolConfig } from './patient-pool.ts'

let test: TestCore
let proxy: TcpProxy
let pool: PatientPool

beforeAll(async () => {
  test = await createTestCore()
})
afterAll(() => test.stop())
beforeEach(async () => {
  proxy = await startTcpProxy(test.core.config.databaseUrl)
})
afterEach(async () => {
  await pool.end()
  await proxy.close()
})

function createPool(config: PatientPoolConfig = {}): PatientPool {
  pool = new PatientPool({ connectionString: proxy.url, ...config })
  pool.on('error', () => undefined)
  return pool
}

const backendOf = async (connection: Pick<PatientPool, 'query'>): Promise<number> => {
  const { rows } = await connection.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]!.pid
}

const gaveUp = 'timeout exceeded when trying to connect'
const codeOf = (outcome: PromiseSettledResult<unknown>): string =>
  outcome.status === 'fulfilled' ? 'done' : (outcome.reason as Error).message

function holdUpEventLoop(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** The outcomes of fifty queries at once, each once. */
async function wave(): Promise<string[]> {
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => backendOf(pool)))
  return [...new Set(outcomes.map(codeOf))]
}

describe('a pool whose connections take longer to open than its callers wait', () => {
  it('serves the second wave with the connections that came too late for the first', async () => {
    proxy.slowDown(1_500)
    createPool({ max: 10, waitMs: 1_000 })
    expect(await wave()).toEqual([gaveUp])
    expect(pool.waitingCount).toBe(0)
    await eventually(() => pool.idleCount === 10)
    proxy.slowDown(60_000)
    expect(await wave()).toEqual(['done'])
    expect(pool.totalCount).toBe(10)
  })

  it('serves a caller that comes while they open with the first that is there', async () => {
    proxy.slowDown(2_200)
    createPool({ max: 1, waitMs: 2_000 })
    await expect(backendOf(pool)).rejects.toThrow(gaveUp)
    expect(await backendOf(pool)).toEqual(expect.any(Number))
    expect(pool.totalCount).toBe(1)
  })

  it('serves a caller with one that came back sooner', async () => {
    createPool({ max: 2 })
    const first = await pool.connect()
    const pid = await backendOf(first)
    proxy.slowDown(60_000)
    const waiting = backendOf(pool)
    await eventually(() => pool.totalCount === 2)
    first.release()
    expect(await waiting).toBe(pid)
  })

  it('serves a caller with one that came back while the event loop was held up', async () => {
    // Not by the proxy, which is in this event loop too.
    createPool({ connectionString: test.core.config.databaseUrl, max: 1, waitMs: 100 })
    await pool.open(1)
    const before = pool.query('SELECT pg_sleep(0.1)')
    const waiting = backendOf(pool)
    await new Promise(setImmediate)
    holdUpEventLoop(500)
    await before
    expect(await waiting).toEqual(expect.any(Number))
  })

  it('has some from the start, and keeps them', async () => {
    createPool({ max: 10, min: 3, idleTimeoutMillis: 1 })
    await pool.open(3)
    proxy.slowDown(60_000)
    const pids = await Promise.all([backendOf(pool), backendOf(pool), backendOf(pool)])
    expect([new Set(pids).size, pool.totalCount]).toEqual([3, 3])
  })
})

describe('a connection that does not open', () => {
  it('ends with its own limit, is reported, and makes way for another one', async () => {
    const refused: string[] = []
    createPool({ max: 1, openMs: 300, onRefused: ({ message }) => refused.push(message) })
    proxy.freeze()
    const message = 'Connection terminated while it was opened'
    await expect(backendOf(pool)).rejects.toThrow(message)
    await proxy.restore()
    expect(await backendOf(pool)).toEqual(expect.any(Number))
    expect(refused).toEqual([message])
  })

  it('fails at once where nobody listens, for each caller', async () => {
    createPool({ max: 2, waitMs: 60_000 })
    await proxy.cut()
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => backendOf(pool)))
    for (const outcome of outcomes) expect(codeOf(outcome)).toContain('ECONNREFUSED')
    await expect(pool.open(2)).rejects.toThrow('ECONNREFUSED')
    await proxy.restore()
  })

  it('fails at once for a caller that came while others were opened ahead', async () => {
    await proxy.cut()
    createPool({ max: 2 })
    const ahead = pool.open(2)
    const caller = pool.connect()
    await expect(ahead).rejects.toThrow('ECONNREFUSED')
    await expect(caller).rejects.toThrow('ECONNREFUSED')
  })

  it('does not hold up the end, and leaves no caller waiting', async () => {
    createPool({ max: 1, waitMs: 60_000, openMs: 60_000 })
    proxy.freeze()
    const waiting = Promise.allSettled([backendOf(pool), backendOf(pool)])
    await eventually(() => pool.totalCount === 1)
    await pool.end()
    for (const outcome of await waiting) expect(outcome.status).toBe('rejected')
    await expect(backendOf(pool)).rejects.toThrow('after calling end')
    createPool()
  })
})

it('a caller that waited continues in its own context, not in that of the one before', async () => {
  createPool({ max: 1 })
  const request = new AsyncLocalStorage<string>()
  const holder = await pool.connect()
  const seen = new Promise((resolve) =>
    request.run('second', () =>
      pool.connect((_error, _client, release) => {
        release()
        resolve(request.getStore())
      }),
    ),
  )
  await eventually(() => pool.waitingCount === 1)
  request.run('first', () => holder.release())
  expect(await seen).toBe('second')
})

describe('a connection that is old', () => {
  it('is closed, whether it is idle or comes back, and not while it is used', async () => {
    createPool({ max: 2, min: 2, maxAgeMs: 400 })
    const used = await pool.connect()
    const first = [await backendOf(used), await backendOf(pool)]
    await eventually(() => pool.totalCount === 1 && pool.idleCount === 0)
    await sleep(400)
    expect(await backendOf(used)).toBe(first[0])
    used.release()
    await eventually(() => pool.totalCount === 0)
    expect(first).not.toContain(await backendOf(pool))
  })

  it('does not end at the same moment as others that were opened with it', async () => {
    createPool({ max: 8, min: 8, maxAgeMs: 2_000 })
    const ends: number[] = []
    pool.on('remove', () => ends.push(performance.now()))
    await pool.open(8)
    await eventually(() => ends.length === 8)
    expect(ends.at(-1)! - ends[0]!).toBeGreaterThan(20)
  })
})
