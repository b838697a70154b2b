import { randomBytes } from 'node:crypto'
import type { Request, Response } from 'express'
import { eventually } from '../../testing/eventually.ts'
import { startTcpProxy, type TcpProxy } from '../../testing/tcp-proxy.ts'
import { AppError } from '../errors/index.ts'
import { startReplica, type Replica } from './testing/replica.ts'

const exact = { name: 'exact', max: 5, windowMs: 60_000 }

let appName: string
let proxy: TcpProxy
let replicas: Replica[]
beforeEach(async () => {
  appName = `limits ${randomBytes(4).toString('hex')}`
  proxy = await startTcpProxy(process.env['REDIS_URL'] ?? '')
  replicas = []
})
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()))
  await proxy.close()
})

async function start(redisUrl?: string) {
  const replica = await startReplica({ appName, max: 5, ...(redisUrl && { redisUrl }) })
  replicas.push(replica)
  const limiter = replica.rateLimits.limiter(exact)
  const route = replica.rateLimits.forRoute('GET /', undefined)!
  const countRoute = () =>
    route.countCaller({ ip: '192.0.2.1' } as Request, answer() as unknown as Response)
  return { ...replica, limiter, countRoute }
}

const answer = () => ({ locals: {}, append: () => undefined, setHeader: () => undefined })

/** How many of so many pass. */
async function passed(times: number, ask: () => Promise<void>): Promise<number> {
  let count = 0
  for (let i = 0; i < times; i += 1)
    await ask().then(
      () => (count += 1),
      (error: unknown) => {
        if (!(error instanceof AppError && error.kind === 'rate_limited')) throw error
      },
    )
  return count
}

/** What all processes counted together for the route. */
async function settled({ redis }: Pick<Replica, 'redis'>): Promise<number> {
  const slug = appName.replaceAll(' ', '-')
  return Number(await redis.client.get(`{${slug}}:limit:default:GET / 192.0.2.1`))
}

async function flush(replica: Replica): Promise<void> {
  const { client } = replica.redis
  const slug = appName.replaceAll(' ', '-')
  const keys = await client.keys(`*${slug}*`)
  if (keys.length > 0) await client.del(keys)
}

describe('two processes', () => {
  it('count an exact limit together, each request', async () => {
    const [a, b] = [await start(), await start()]
    expect(await passed(3, () => a.limiter.consume('key'))).toBe(3)
    expect(await passed(4, () => b.limiter.consume('key'))).toBe(2)
    expect(await a.limiter.peek('key')).toMatchObject({ used: 7, remaining: 0 })
    expect(await passed(1, () => a.limiter.consume('other'))).toBe(1)
  })

  it('never let more than an exact limit pass, all at once', async () => {
    const [a, b] = [await start(), await start()]
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, i) => passed(1, () => [a, b][i % 2]!.limiter.consume('key'))),
    )
    expect(all.reduce((sum, count) => sum + count, 0)).toBe(5)
  })

  it('settle the default limit with each other in a moment', async () => {
    const [a, b] = [await start(), await start()]
    expect(await passed(5, a.countRoute)).toBe(5)
    await eventually(async () => (await settled(a)) === 5)
    expect(await passed(1, b.countRoute)).toBe(1)
    await eventually(async () => (await settled(b)) === 6)
    expect(await passed(3, b.countRoute)).toBe(0)
  })
})

describe('a limiter of a service', () => {
  it('checks without counting, and counts failures without throwing', async () => {
    const { limiter } = await start()
    for (let i = 0; i < 7; i += 1) await limiter.check('key')
    for (let i = 0; i < 5; i += 1) {
      await limiter.check('key')
      await limiter.fail('key')
    }
    await limiter.fail('key')
    const refusal = await limiter.check('key').catch((error: unknown) => error as AppError)
    expect(refusal).toMatchObject({ kind: 'rate_limited', code: 'request.rate_limited' })
    expect(refusal?.headers).toMatchObject({
      RateLimit: expect.stringMatching(/^"exact"; r=0; t=(60|59)$/),
      'RateLimit-Policy': '"exact"; q=5; w=60',
    })
    expect(refusal?.retryAfterSeconds).toBeGreaterThan(50)
  })

  it('keeps no key as it is', async () => {
    const { limiter, redis } = await start()
    await limiter.fail('anna@example.com')
    const keys = await redis.client.keys(`{${appName.replaceAll(' ', '-')}}:limit:*`)
    expect(keys).toHaveLength(1)
    expect(keys[0]).not.toContain('anna')
  })

  it('frees a key when its window ends', async () => {
    const { rateLimits } = await start()
    const short = rateLimits.limiter({ name: 'short', max: 1, windowMs: 300 })
    await short.consume('key')
    await expect(short.consume('key')).rejects.toMatchObject({ kind: 'rate_limited' })
    await eventually(async () => (await short.peek('key')).used === 0)
    await short.consume('key')
  })
})

describe('without Redis', () => {
  it.each([
    ['down', () => proxy.cut()],
    ['frozen', async () => proxy.freeze()],
  ])('%s: each process keeps every limit by itself, and says so once each way', async (_, harm) => {
    const replica = await start(proxy.url)
    const { limiter, countRoute, told, fallback } = replica
    expect(await passed(2, () => limiter.consume('key'))).toBe(2)
    expect(await passed(2, countRoute)).toBe(2)
    await harm()
    expect(await passed(6, () => limiter.consume('key'))).toBe(3)
    expect(await passed(6, countRoute)).toBe(3)
    await eventually(async () => (await fallback()) === 1)
    expect(told()).toHaveLength(1)

    await proxy.restore()
    await eventually(async () => {
      expect(await passed(1, () => limiter.consume('key'))).toBe(0)
      expect(await passed(1, countRoute)).toBe(0)
      return (await fallback()) === 0
    })
    expect(told().slice(0, 2)).toEqual([
      'Redis does not count: rate limits hold in each process alone',
      'Redis counts again: rate limits hold over all processes',
    ])
    const other = await start()
    await eventually(async () => (await other.limiter.peek('key')).used > 0)
  })

  it('at the start: limits hold, and are shared once it is there', async () => {
    await proxy.cut()
    const a = await start(proxy.url)
    expect(await passed(9, () => a.limiter.consume('key'))).toBe(5)
    expect(await passed(9, a.countRoute)).toBe(5)
    await proxy.restore()
    await eventually(async () => {
      await passed(1, () => a.limiter.consume('other'))
      return (await a.fallback()) === 0
    })
    const b = await start()
    await eventually(async () => (await settled(b)) === 9)
    expect(await passed(9, () => b.limiter.consume('third'))).toBe(5)
    expect(await passed(1, () => a.limiter.consume('third'))).toBe(0)
  })

  it('keeps one request waiting for a frozen Redis, not each', async () => {
    const { limiter } = await start(proxy.url)
    await limiter.consume('key')
    proxy.freeze()
    const begin = performance.now()
    for (let i = 0; i < 20; i += 1) await limiter.fail('key')
    // 20 would take 6 s.
    expect(performance.now() - begin).toBeLessThan(5_000)
  })

  it('emptied: nobody is freed', async () => {
    const replica = await start()
    const { limiter, countRoute } = replica
    expect(await passed(6, () => limiter.consume('key'))).toBe(5)
    expect(await passed(6, countRoute)).toBe(5)
    await flush(replica)
    expect(await passed(6, () => limiter.consume('key'))).toBe(0)
    expect(await passed(6, countRoute)).toBe(0)
    await replica.redis.client.script('FLUSH')
    expect(await passed(3, () => limiter.consume('other'))).toBe(3)
    expect(await replica.fallback()).toBe(0)
  })
})
