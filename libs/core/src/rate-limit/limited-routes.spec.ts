import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { defineError } from '../errors/index.ts'
import { createRoutes, type Guard } from '../http/index.ts'
import { sendRaw, serve } from '../http/testing/serve.ts'
import type { RateLimit } from './index.ts'
import { startReplica, type Replica } from './testing/replica.ts'

const unknown = defineError({
  kind: 'unauthenticated',
  code: 'masons.unknown',
  title: 'Unknown',
  detail: 'Unknown.',
  help: 'Say who you are.',
})

const mason: Guard<{ mason: string }> = {
  name: 'mason',
  security: 'bearer',
  errors: [unknown],
  async authenticate(request) {
    const name = request.get('authorization')
    if (!name) throw unknown()
    return { mason: name }
  },
  identify: ({ mason }) => mason,
}

const perMinute = (name: string, max: number): RateLimit => ({ name, max, windowMs: 60_000 })

/** Routes behind each kind of limit; `asked` counts what reached a handler. */
function masonRoutes(asked: string[]) {
  const routes = createRoutes({ prefix: '/masons', tag: 'Masons' })
  const answer = (name: string) => () => void asked.push(name)
  routes.get('/any', { summary: 'Default' }, answer('default'))
  routes.get('/other', { summary: 'Default too' }, answer('other'))
  routes.get('/free', { summary: 'No limit', limit: false }, answer('free'))
  routes.get('/own', { summary: 'By caller', guard: mason }, answer('own'))
  routes.post(
    '/login',
    {
      summary: 'Credentials',
      body: z.strictObject({ email: z.string() }),
      limit: { ...perMinute('login', 2), by: 'address' },
    },
    answer('login'),
  )
  routes.post(
    '/two',
    {
      summary: 'Two limits',
      guard: mason,
      policy: () => false,
      limit: [{ ...perMinute('burst', 2), by: 'address' }, perMinute('day', 1)],
    },
    answer('two'),
  )
  return routes
}

async function start({ max = 3, trustProxy = 0, enabled = true } = {}) {
  const appName = `limits ${randomBytes(4).toString('hex')}`
  const asked: string[] = []
  const replica = await startReplica({ appName, max, enabled })
  const server = await serve({
    routes: [masonRoutes(asked)],
    rateLimits: replica.rateLimits,
    trustProxy,
  })
  const ask = (path: string, init?: RequestInit) =>
    fetch(`${server.url}/api/v1/masons${path}`, init)
  const post = (path: string, body = '{}', headers = {}) =>
    ask(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
  return { server, replica, asked, ask, post }
}

let started: { server: { stop(): Promise<void> }; replica: Replica }[] = []
afterEach(async () => {
  for (const { server, replica } of started) {
    await server.stop()
    await replica.stop()
  }
  started = []
})

async function limited(options?: Parameters<typeof start>[0]) {
  const all = await start(options)
  started.push(all)
  return all
}

const statusesOf = async (times: number, ask: () => Promise<{ status: number }>) => {
  const statuses: number[] = []
  for (let i = 0; i < times; i += 1) statuses.push((await ask()).status)
  return statuses
}

describe('a route', () => {
  it('answers 429 with its limit, the time to wait and a problem, once it was asked too often', async () => {
    const { ask, asked } = await limited()
    const first = await ask('/any')
    expect(first.headers.get('ratelimit')).toMatch(/^"default"; r=2; t=(60|59)$/)
    expect(first.headers.get('ratelimit-policy')).toMatch(/^"default"; q=3; w=60; pk=:.+:$/)
    expect(await statusesOf(2, () => ask('/any'))).toEqual([204, 204])
    const refused = await ask('/any')
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({ code: 'request.rate_limited', status: 429 })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
    expect(refused.headers.get('ratelimit')).toMatch(/^"default"; r=0; t=\d+$/)
    expect(asked).toHaveLength(3)
  })

  it('is counted by itself, and HEAD with GET', async () => {
    const { ask } = await limited()
    expect(await statusesOf(3, () => ask('/any', { method: 'HEAD' }))).toEqual([204, 204, 204])
    expect((await ask('/any')).status).toBe(429)
    expect((await ask('/other')).status).toBe(204)
  })

  it('gains no second count by another spelling: that is 404', async () => {
    const { ask } = await limited()
    const spellings = ['/OTHER', '/other/', '//other', '/%6Fther']
    const statuses = await Promise.all(spellings.map(async (path) => (await ask(path)).status))
    expect(statuses.slice(0, 3)).toEqual([404, 404, 404])
    const left = (await ask('/other')).headers.get('ratelimit')
    expect(left).toContain(statuses[3] === 204 ? 'r=1' : 'r=2')
  })

  it('may be exempt, and health is', async () => {
    const { ask, server } = await limited({ max: 1 })
    expect(await statusesOf(3, () => ask('/free'))).toEqual([204, 204, 204])
    expect((await ask('/free')).headers.get('ratelimit')).toBeNull()
    const health = () => fetch(`${server.url}/health/live`)
    expect(await statusesOf(3, health)).toEqual([200, 200, 200])
  })

  it('says 404 and 405 before anything is counted', async () => {
    const { ask } = await limited({ max: 1 })
    const wrong = () => ask('/any', { method: 'DELETE' })
    expect(await statusesOf(3, wrong)).toEqual([405, 405, 405])
    expect((await ask('/any')).status).toBe(204)
  })

  it('shows its limit in 422 and 403 as well', async () => {
    const { post } = await limited()
    const invalid = await post('/login')
    expect([invalid.status, invalid.headers.get('ratelimit')]).toEqual([
      422,
      expect.stringContaining('"login"; r=1'),
    ])
    const forbidden = await post('/two', '', { authorization: 'x' })
    expect([forbidden.status, forbidden.headers.get('ratelimit')]).toEqual([
      403,
      expect.stringMatching(/^"burst"; r=1; t=\d+, "day"; r=0; t=\d+$/),
    ])
    expect((await post('/two', '', { authorization: 'x' })).status).toBe(429)
    expect((await post('/two', '', { authorization: 'y' })).status).toBe(429)
  })

  it('may be a page, and is counted by itself too, but not for OPTIONS and 405', async () => {
    const { server } = await limited({ max: 2 })
    const ask = (path: string, method = 'GET') => fetch(server.url + path, { method })
    expect(await statusesOf(3, () => ask('/docs', 'OPTIONS'))).toEqual([204, 204, 204])
    expect(await statusesOf(3, () => ask('/docs', 'POST'))).toEqual([405, 405, 405])
    for (const path of ['/docs', '/openapi.json', '/problems', '/problems/request.forbidden'])
      expect(await statusesOf(3, () => ask(path))).toEqual([200, 200, 429])
  })
})

describe('whom a request counts for', () => {
  it('is the user where one is known, whatever the address did', async () => {
    const { ask } = await limited()
    const as = (authorization: string) => () => ask('/own', { headers: { authorization } })
    expect(await statusesOf(4, as('anna'))).toEqual([204, 204, 204, 429])
    expect(await statusesOf(1, as('bert'))).toEqual([204])
  })

  it('is the address where nobody is: refused log-ins count, and do not harm who is known', async () => {
    const { ask } = await limited()
    const first = await ask('/own')
    expect([first.status, first.headers.get('ratelimit')]).toEqual([
      401,
      expect.stringContaining('r=2'),
    ])
    expect(await statusesOf(3, () => ask('/own'))).toEqual([401, 401, 429])
    expect((await ask('/own', { headers: { authorization: 'anna' } })).status).toBe(204)
  })

  it('is not what a forged X-Forwarded-For says', async () => {
    const { server } = await limited()
    const forge = (n: number) =>
      sendRaw(
        server.port,
        `GET /api/v1/masons/any HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.${n}\r\nForwarded: for=203.0.113.${n}\r\nX-Real-IP: 203.0.113.${n}\r\nConnection: close\r\n\r\n`,
        300,
      ).catch(() => ({ status: 0 }))
    const statuses = []
    for (let n = 0; n < 4; n += 1) statuses.push((await forge(n)).status)
    expect(statuses).toEqual([204, 204, 204, 429])
  })

  it('is what the nearest trusted proxy says, whatever was claimed before it', async () => {
    const { ask } = await limited({ trustProxy: 1 })
    const via = (chain: string) => () => ask('/any', { headers: { 'x-forwarded-for': chain } })
    expect(await statusesOf(2, via('198.51.100.1, 203.0.113.9'))).toEqual([204, 204])
    expect(await statusesOf(2, via('198.51.100.2, 203.0.113.9'))).toEqual([204, 429])
    expect(await statusesOf(1, via('203.0.113.9, 203.0.113.10'))).toEqual([204])
  })

  it('is one for a /64 of IPv6, and for an IPv4 address in IPv6', async () => {
    const { ask } = await limited({ trustProxy: 1 })
    const from = (address: string) => () => ask('/any', { headers: { 'x-forwarded-for': address } })
    expect(await statusesOf(2, from('2001:db8:1:2::1'))).toEqual([204, 204])
    expect(await statusesOf(2, from('2001:DB8:1:2:ffff::9'))).toEqual([204, 429])
    expect(await statusesOf(1, from('2001:db8:1:3::1'))).toEqual([204])
    expect(await statusesOf(3, from('::ffff:192.0.2.7'))).toEqual([204, 204, 204])
    expect(await statusesOf(1, from('192.0.2.7'))).toEqual([429])
    expect(await statusesOf(1, from('192.0.2.7:4711'))).toEqual([429])
  })
})

it('limits nothing and says nothing when limits are switched off', async () => {
  const { ask, replica } = await limited({ max: 1, enabled: false })
  expect(await statusesOf(3, () => ask('/any'))).toEqual([204, 204, 204])
  expect((await ask('/any')).headers.get('ratelimit')).toBeNull()
  const limiter = replica.rateLimits.limiter(perMinute('none', 1))
  await limiter.consume('a')
  await limiter.consume('a')
})

it('refuses one name for two limits', async () => {
  const { replica } = await limited()
  replica.rateLimits.limiter(perMinute('once', 1))
  expect(() => replica.rateLimits.limiter(perMinute('once', 2))).toThrow('once')
})
