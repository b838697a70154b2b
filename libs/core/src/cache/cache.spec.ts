import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { startTcpProxy, type TcpProxy } from '../../testing/tcp-proxy.ts'
import type { CacheSpace } from './index.ts'
import { startReplica, type Replica } from './testing/replica.ts'

const Stone = z.object({ id: z.int(), name: z.string(), cutAt: z.coerce.date() })
type Stone = z.output<typeof Stone>

const cutAt = new Date('2026-01-31T12:00:00Z')
const stone = (name: string): Stone => ({ id: 7, name, cutAt })
const minute = { ttlMs: 60_000 }

let appName: string
let proxy: TcpProxy
let replicas: Replica[]
beforeEach(async () => {
  appName = `cache ${randomBytes(4).toString('hex')}`
  proxy = await startTcpProxy(process.env['REDIS_URL'] ?? '')
  replicas = []
})
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()))
  await proxy.close()
})

async function start(redisUrl?: string) {
  const replica = await startReplica(appName, redisUrl)
  replicas.push(replica)
  return { ...replica, stones: replica.cache.space('quarry.stones', { schema: Stone }) }
}

/** A loader that says how often it ran, and waits where it is told to. */
function loader(name: string) {
  let open: () => void = () => undefined
  let gate: Promise<void> = Promise.resolve()
  const load = Object.assign(
    async () => {
      load.runs += 1
      const value = stone(`${name} ${load.runs}`)
      await gate
      return value
    },
    { runs: 0, hold, release: () => open() },
  )
  return load

  function hold(): void {
    gate = new Promise((resolve) => (open = resolve))
  }
}

const nameOf = async (value: Promise<Stone | null | undefined>) => (await value)?.name

describe('a space', () => {
  it('loads once and keeps, for every process, with dates as dates', async () => {
    const [a, b] = [await start(), await start()]
    const load = loader('granite')
    expect(await a.stones.wrap('7', minute, load)).toEqual(stone('granite 1'))
    expect(await a.stones.wrap('7', minute, load)).toEqual(stone('granite 1'))
    expect(await b.stones.wrap('7', minute, load)).toEqual(stone('granite 1'))
    expect(await b.stones.get('7')).toEqual(stone('granite 1'))
    expect(load.runs).toBe(1)
    expect(await a.lookups()).toEqual({ miss: 1, hit: 1 })
  })

  it('sets, gets and deletes', async () => {
    const { stones } = await start()
    expect(await stones.get('7')).toBeUndefined()
    await stones.set('7', stone('marble'), minute)
    expect(await nameOf(stones.get('7'))).toBe('marble')
    await stones.set('7', null, minute)
    expect(await stones.get('7')).toBeNull()
    await stones.delete('7')
    expect(await stones.get('7')).toBeUndefined()
  })

  it('stores and answers what its schema names, the first time too', async () => {
    const { stones, redis, keys } = await start()
    const load = () => ({ ...stone('granite'), secret: 'hidden' })
    expect(await stones.wrap('7', minute, load)).toEqual(stone('granite'))
    const [key] = await keys('entry')
    expect(JSON.stringify(await redis.client.hgetall(key!))).not.toContain('hidden')
  })

  it('does not see what another version stored, nor what another space did', async () => {
    const { cache, stones } = await start()
    await stones.set('7', stone('granite'), minute)
    expect(
      await cache.space('quarry.stones', { schema: Stone, version: 2 }).get('7'),
    ).toBeUndefined()
    expect(await cache.space('quarry.walls', { schema: Stone }).get('7')).toBeUndefined()
  })

  it('loads again what does not fit its schema any more', async () => {
    const { cache, stones } = await start()
    await stones.set('7', stone('granite'), minute)
    const Other = z.object({ weight: z.number() })
    const others = cache.space('quarry.stones', { schema: Other })
    expect(await others.wrap('7', minute, () => ({ weight: 3 }))).toEqual({ weight: 3 })
    expect(await others.get('7')).toEqual({ weight: 3 })
  })

  it('remembers for a short time that there is nothing', async () => {
    const { stones, redis, keys } = await start()
    let runs = 0
    const load = () => ((runs += 1), null)
    expect(await stones.wrap('7', minute, load)).toBeNull()
    expect(await stones.wrap('7', minute, load)).toBeNull()
    expect(runs).toBe(1)
    const [key] = await keys('entry')
    expect(await redis.client.pttl(key!)).toBeLessThanOrEqual(5_000)
    await stones.wrap('8', { ...minute, negativeTtlMs: 0 }, load)
    await stones.wrap('8', { ...minute, negativeTtlMs: 0 }, load)
    expect(runs).toBe(3)
  })

  it('takes up to a tenth off the time to live', async () => {
    const { stones, redis, keys } = await start()
    for (let i = 0; i < 20; i += 1) await stones.set(String(i), stone('granite'), minute)
    const entries = await keys('entry')
    const lives = await Promise.all(entries.map((key) => redis.client.pttl(key)))
    expect(Math.max(...lives)).toBeLessThanOrEqual(60_000)
    expect(Math.min(...lives)).toBeGreaterThan(53_000)
    expect(new Set(lives).size).toBeGreaterThan(10)
  })

  it('keeps no value of more than 256 KiB', async () => {
    const { stones } = await start()
    const large = stone('x'.repeat(300_000))
    expect(await stones.wrap('7', minute, () => large)).toEqual(large)
    expect(await stones.get('7')).toBeUndefined()
  })

  it.each([{ ttlMs: 0 }, { ttlMs: NaN }, { ttlMs: 1, staleMs: -1 }, { ttlMs: 8 * 86_400_000 }])(
    'refuses %j',
    async (options) => {
      const { stones } = await start()
      await expect(stones.wrap('7', options, () => null)).rejects.toThrow(RangeError)
      await expect(stones.set('7', null, options)).rejects.toThrow(RangeError)
    },
  )
})

describe('one loader', () => {
  it('runs in a process for all who ask meanwhile', async () => {
    const { stones } = await start()
    const load = loader('granite')
    load.hold()
    const all = Array.from({ length: 50 }, () => nameOf(stones.wrap('7', minute, load)))
    await eventually(() => load.runs === 1)
    load.release()
    expect(new Set(await Promise.all(all))).toEqual(new Set(['granite 1']))
    expect(load.runs).toBe(1)
  })

  it('runs in all processes together; the others wait for what it stores', async () => {
    const [a, b] = [await start(), await start()]
    const [loadA, loadB] = [loader('a'), loader('b')]
    loadA.hold()
    const first = nameOf(a.stones.wrap('7', minute, loadA))
    await eventually(() => loadA.runs === 1)
    const second = nameOf(b.stones.wrap('7', minute, loadB))
    await sleep(50)
    loadA.release()
    expect(await Promise.all([first, second])).toEqual(['a 1', 'a 1'])
    expect(loadB.runs).toBe(0)
  })

  it('is followed by another when it fails; its error goes to those who waited', async () => {
    const [a, b] = [await start(), await start()]
    const fail = () => Promise.reject(new Error('frost'))
    const results = await Promise.allSettled([1, 2].map(() => a.stones.wrap('7', minute, fail)))
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    // Nobody waits for it any more.
    expect(await a.keys('lock')).toEqual([])
    expect(await nameOf(b.stones.wrap('7', minute, loader('b')))).toBe('b 1')
  })

  it('is not waited for without end', async () => {
    const [a, b] = [await start(), await start()]
    const stuck = loader('a')
    stuck.hold()
    const first = a.stones.wrap('7', minute, stuck)
    await eventually(() => stuck.runs === 1)
    expect(await nameOf(b.stones.wrap('7', minute, loader('b')))).toBe('b 1')
    stuck.release()
    await first
  })
})

describe('a stale value', () => {
  it('is answered at once while one process loads another', async () => {
    const [a, b] = [await start(), await start()]
    const load = loader('granite')
    const options = { ttlMs: 50, staleMs: 60_000 }
    await a.stones.wrap('7', options, load)
    await sleep(60)
    load.hold()
    expect(await nameOf(a.stones.wrap('7', options, load))).toBe('granite 1')
    expect(await nameOf(b.stones.wrap('7', options, load))).toBe('granite 1')
    expect(load.runs).toBe(2)
    load.release()
    await eventually(async () => (await nameOf(b.stones.get('7'))) === 'granite 2')
    expect(await a.lookups()).toMatchObject({ stale: 1 })
  })

  it('stays when the new one cannot be loaded, and that is told', async () => {
    const { stones, lines } = await start()
    const options = { ttlMs: 50, staleMs: 60_000 }
    await stones.wrap('7', options, loader('granite'))
    await sleep(60)
    const fail = () => Promise.reject(new Error('frost'))
    expect(await nameOf(stones.wrap('7', options, fail))).toBe('granite 1')
    await eventually(() => lines.some((line) => line.includes('frost')))
    expect(await nameOf(stones.get('7'))).toBe('granite 1')
  })
})

describe('an invalidation', () => {
  const tagged = { ...minute, tags: ['quarry.stone:7', 'quarry.stones'] }

  it('drops every entry with the tag, in every space and process, and no other', async () => {
    const [a, b] = [await start(), await start()]
    const names = a.cache.space('quarry.names', { schema: z.string() })
    await a.stones.set('7', stone('granite'), tagged)
    await a.stones.set('8', stone('marble'), { ...minute, tags: ['quarry.stone:8'] })
    await names.set('7', 'granite', { ...minute, tags: ['quarry.stone:7'] })
    await b.cache.invalidateTags(['quarry.stone:7'])
    expect(await a.stones.get('7')).toBeUndefined()
    expect(await names.get('7')).toBeUndefined()
    expect(await nameOf(a.stones.get('8'))).toBe('marble')
  })

  it.each<[string, (b: Awaited<ReturnType<typeof start>>) => Promise<void>]>([
    ['a tag', ({ cache }) => cache.invalidateTags(['quarry.stones'])],
    ['the key', ({ stones }) => stones.delete('7')],
  ])('of %s keeps what was being loaded from being stored', async (_, invalidate) => {
    const [a, b] = [await start(), await start()]
    const load = loader('old')
    load.hold()
    const first = nameOf(a.stones.wrap('7', tagged, load))
    await eventually(() => load.runs === 1)
    await invalidate(b)
    const joined = nameOf(a.stones.wrap('7', tagged, loader('new')))
    load.release()
    expect(await first).toBe('old 1')
    expect(await joined).toBe('new 1')
    expect(await nameOf(b.stones.get('7'))).toBe('new 1')
  })

  it('by a new value keeps what was being loaded from being stored over it', async () => {
    const [a, b] = [await start(), await start()]
    const load = loader('old')
    load.hold()
    const first = nameOf(a.stones.wrap('7', tagged, load))
    await eventually(() => load.runs === 1)
    await b.stones.set('7', stone('new'), tagged)
    load.release()
    expect(await first).toBe('old 1')
    expect(await nameOf(a.stones.wrap('7', tagged, load))).toBe('new')
  })

  it('in the same process: whoever asks afterwards waits for no load from before', async () => {
    const { cache, stones } = await start()
    const old = loader('old')
    old.hold()
    const first = stones.wrap('7', tagged, old)
    await eventually(() => old.runs === 1)
    await cache.invalidateTags(['quarry.stones'])
    const next = nameOf(stones.wrap('7', tagged, loader('new')))
    old.release()
    expect(await next).toBe('new 1')
    await first
  })

  it('while Redis is away holds when it is back', async () => {
    const { cache, stones } = await start(proxy.url)
    await stones.set('7', stone('old'), tagged)
    await stones.set('8', stone('old'), minute)
    await proxy.cut()
    await cache.invalidateTags(['quarry.stones'])
    await stones.delete('8')
    expect(await nameOf(stones.wrap('7', tagged, loader('new')))).toBe('new 1')
    await proxy.restore()
    await eventually(async () => (await back(stones)) === 'here')
    expect(await stones.get('7')).toBeUndefined()
    expect(await stones.get('8')).toBeUndefined()
  })

  it('is made up for when Redis is back, by a process that asks nothing of the cache', async () => {
    const [api, worker] = [await start(), await start(proxy.url)]
    await api.stones.set('7', stone('old'), tagged)
    await proxy.cut()
    await worker.cache.invalidateTags(['quarry.stones'])
    await proxy.restore()
    await eventually(async () => (await api.stones.get('7')) === undefined)
  })

  describe('that Redis refuses', () => {
    const user = randomBytes(4).toString('hex')
    const refused = { ...tagged, tags: [`refused.${user}`] }
    const acl = (...rules: string[]) =>
      replicas[0]!.redis.client.call('ACL', 'SETUSER', user, ...rules)
    let api: Awaited<ReturnType<typeof start>>
    let worker: Awaited<ReturnType<typeof start>>

    beforeEach(async () => {
      api = await start()
      await acl('on', `>${user}`, 'allkeys', '+@all')
      const url = Object.assign(new URL(proxy.url), { username: user, password: user })
      worker = await start(url.href)
      await api.stones.set('7', stone('old'), refused)
      await acl('-set')
      await worker.cache.invalidateTags(refused.tags)
      expect(await nameOf(api.stones.get('7'))).toBe('old')
    })
    afterEach(() => api.redis.client.call('ACL', 'DELUSER', user))

    it('is made up for as soon as it takes it, on the same connection', async () => {
      await acl('+set')
      await eventually(async () => (await api.stones.get('7')) === undefined)
    })

    it('is made up for at the stop', async () => {
      await acl('+set')
      await worker.cache.stop()
      expect(await api.stones.get('7')).toBeUndefined()
      expect(worker.lines.join()).not.toContain('invalidations that Redis did not take')
    })

    it('is told at the stop, which does not wait for a frozen Redis', async () => {
      proxy.freeze()
      const begin = performance.now()
      await worker.cache.stop()
      expect(performance.now() - begin).toBeLessThan(5_000)
      expect(worker.lines.join()).toContain('invalidations that Redis did not take')
    })
  })

  it('holds when Redis was emptied in between', async () => {
    const { cache, stones, redis, keys } = await start()
    const load = loader('old')
    load.hold()
    const first = stones.wrap('7', tagged, load)
    await eventually(() => load.runs === 1)
    await cache.invalidateTags(['quarry.stones'])
    await redis.client.del(await keys())
    load.release()
    await first
    expect(await stones.get('7')).toBeUndefined()
  })
})

describe('without Redis', () => {
  it.each([
    ['down', () => proxy.cut()],
    ['frozen', async () => proxy.freeze()],
  ])('%s: the loader runs, once for all who ask meanwhile', async (_, harm) => {
    const { stones, lookups } = await start(proxy.url)
    await stones.set('7', stone('kept'), minute)
    await harm()
    const load = loader('granite')
    const all = Array.from({ length: 20 }, () => nameOf(stones.wrap('7', minute, load)))
    expect(new Set(await Promise.all(all))).toEqual(new Set(['granite 1']))
    expect((await lookups()).error).toBe(1)
    await proxy.restore()
    await eventually(async () => (await nameOf(stones.get('7'))) === 'kept')
  })

  it('whoever asks after an invalidation is not given what began to load before', async () => {
    const { cache, stones } = await start(proxy.url)
    await proxy.cut()
    const old = loader('old')
    old.hold()
    const first = stones.wrap('7', minute, old)
    await eventually(() => old.runs === 1)
    await cache.invalidateTags(['quarry.stones'])
    expect(await nameOf(stones.wrap('7', minute, loader('new')))).toBe('new 1')
    old.release()
    await first
  })

  it('keeps one caller waiting for a frozen Redis, not each', async () => {
    const { stones } = await start(proxy.url)
    proxy.freeze()
    const begin = performance.now()
    for (let i = 0; i < 20; i += 1) await stones.wrap('7', minute, loader('granite'))
    // 20 would take 6 s.
    expect(performance.now() - begin).toBeLessThan(5_000)
  })
})

async function back(stones: CacheSpace<Stone>): Promise<string | undefined> {
  await stones.set('here', stone('here'), minute)
  return nameOf(stones.get('here'))
}
