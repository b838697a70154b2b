import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { defineError } from '../errors/index.ts'
import { createRoutes, type Guard } from '../http/index.ts'
import { serve } from '../http/testing/serve.ts'
import { startReplica, type Replica } from './testing/replica.ts'

const unknown = defineError({
  kind: 'unauthenticated',
  code: 'masons.unknown',
  title: 'Unknown',
  detail: 'Unknown.',
  help: 'Say who you are.',
})
const gone = defineError({
  kind: 'not_found',
  code: 'walls.gone',
  title: 'Gone',
  detail: 'Gone.',
  help: 'Take another.',
})

/** Sessions that are live: name to role. */
let masons: Map<string, string>
let made: string[]
/** What the slow route waits for. */
let held: Promise<void> | undefined
let replica: Replica
let server: Awaited<ReturnType<typeof serve>>

const mason: Guard<{ mason: string; role: string }> = {
  name: 'mason',
  security: 'bearer',
  errors: [unknown],
  async authenticate(request) {
    const name = request.get('authorization') ?? ''
    const role = masons.get(name)
    if (!role) throw unknown()
    return { mason: name, role }
  },
  identify: ({ mason }) => mason,
}

const id = z.strictObject({ id: z.coerce.number() })
const Wall = z.object({ text: z.string() })
const ttlMs = 60_000

function wallRoutes() {
  const routes = createRoutes({ prefix: '/walls', tag: 'Walls' })
  const query = z.strictObject({ a: z.string().optional(), b: z.string().optional() })
  const make = (text: string) => {
    made.push(text)
    return { text: `${text}, number ${made.length}` }
  }
  routes.get(
    '/public',
    { summary: 'For all', query, response: Wall, cache: { ttlMs, public: true } },
    ({ query }) => make(`public ${query.a ?? ''}${query.b ?? ''}`),
  )
  routes.get(
    '/own/:id',
    {
      summary: 'For each',
      guard: mason,
      policy: ({ mason }) => mason !== 'apprentice',
      params: id,
      response: Wall,
      errors: [gone],
      cache: {
        ttlMs,
        tags: ({ params }) => [`walls.wall:${params.id}`],
        vary: ({ role }) => role,
      },
    },
    ({ params, mason, role }) => {
      if (params.id === 404) {
        made.push('gone')
        throw gone()
      }
      return make(`wall ${params.id} of ${mason}, ${role}`)
    },
  )
  routes.get(
    '/weathered',
    { summary: 'A little old', response: Wall, cache: { ttlMs: 50, staleMs: ttlMs, public: true } },
    async () => {
      const wall = make('weathered')
      await held
      return wall
    },
  )
  routes.get(
    '/shared',
    { summary: 'For all masons', guard: mason, response: Wall, cache: { ttlMs, public: true } },
    () => make('shared'),
  )
  return routes
}

beforeEach(async () => {
  masons = new Map([
    ['anna', 'master'],
    ['bert', 'master'],
    ['apprentice', 'none'],
  ])
  made = []
  held = undefined
  replica = await startReplica(`cache ${randomBytes(4).toString('hex')}`)
  server = await serve({ routes: [wallRoutes()], cache: replica.cache })
})
afterEach(async () => {
  await server.stop()
  await replica.stop()
})

const ask = (path: string, mason?: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${server.url}/api/v1/walls${path}`, {
    method,
    headers: { ...headers, ...(mason && { authorization: mason }) },
  })

async function textOf(path: string, mason?: string): Promise<string> {
  const answer = await ask(path, mason)
  return ((await answer.json()) as { data: { text: string } }).data.text
}

describe('a cached route', () => {
  it('is made once for everybody where it is public, with an ETag and a time to live', async () => {
    const first = await ask('/public')
    expect(first.headers.get('cache-control')).toBe('public, max-age=60')
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^".+"$/)
    expect(await textOf('/public')).toBe('public , number 1')
    expect((await ask('/public', undefined, {}, 'HEAD')).headers.get('etag')).toBe(etag)
    expect((await ask('/public', undefined, { 'if-none-match': etag })).status).toBe(304)
    expect((await ask('/public', undefined, { 'if-none-match': '"x"' })).status).toBe(200)
    expect(made).toHaveLength(1)
  })

  it('is one for the same query in another order, another for another query, and still checks it', async () => {
    expect(await textOf('/public?a=1&b=2')).toBe(await textOf('/public?b=2&a=%31'))
    expect(await textOf('/public?a=2&b=1')).toBe('public 21, number 2')
    expect((await ask('/public?c=1')).status).toBe(422)
    expect(made).toHaveLength(2)
  })

  it('is made for each user, and private', async () => {
    const first = await ask('/own/7', 'anna')
    expect(first.headers.get('cache-control')).toBe('private, no-cache')
    expect(await textOf('/own/7', 'anna')).toBe('wall 7 of anna, master, number 1')
    expect(await textOf('/own/7', 'bert')).toBe('wall 7 of bert, master, number 2')
    const etag = first.headers.get('etag') ?? ''
    expect((await ask('/own/7', 'anna', { 'if-none-match': etag })).status).toBe(304)
    expect((await ask('/own/7', 'bert', { 'if-none-match': etag })).status).toBe(200)
    expect(made).toHaveLength(2)
  })

  it('is not answered to an ended session, to a stranger, or to who may not: neither as 304', async () => {
    const etag = (await ask('/own/7', 'anna')).headers.get('etag') ?? ''
    masons.delete('anna')
    for (const known of [etag, '*']) {
      expect((await ask('/own/7', 'anna', { 'if-none-match': known })).status).toBe(401)
      expect((await ask('/own/7', undefined, { 'if-none-match': known })).status).toBe(401)
      expect((await ask('/own/7', 'apprentice', { 'if-none-match': known })).status).toBe(403)
    }
    await ask('/shared', 'bert')
    expect((await ask('/shared')).status).toBe(401)
    expect((await ask('/shared', 'bert')).headers.get('cache-control')).toBe('private, no-cache')
  })

  it('is another one when what it varies by has changed: the role', async () => {
    await ask('/own/7', 'anna')
    masons.set('anna', 'demoted')
    expect(await textOf('/own/7', 'anna')).toBe('wall 7 of anna, demoted, number 2')
  })

  it('is made again when one of its tags was invalidated', async () => {
    await ask('/own/7', 'anna')
    await ask('/own/8', 'anna')
    await replica.cache.invalidateTags(['walls.wall:7'])
    await ask('/own/7', 'anna')
    await ask('/own/8', 'anna')
    expect(made).toHaveLength(3)
  })

  it('is answered for a little longer than it is right, while one request makes it again', async () => {
    expect(await textOf('/weathered')).toBe('weathered, number 1')
    await sleep(60)
    let release: () => void = () => undefined
    held = new Promise((resolve) => (release = resolve))
    expect(await textOf('/weathered')).toBe('weathered, number 1')
    expect(await textOf('/weathered')).toBe('weathered, number 1')
    expect(made).toHaveLength(2)
    release()
    await eventually(async () => (await textOf('/weathered')) === 'weathered, number 2')
  })

  it('keeps no failure', async () => {
    expect((await ask('/own/404', 'anna')).status).toBe(404)
    expect((await ask('/own/404', 'anna')).status).toBe(404)
    expect(made).toEqual(['gone', 'gone'])
  })
})

type WallRoutes = ReturnType<typeof createRoutes>
const summary = 'Wrong'
const cache = { ttlMs, public: true }

it.each<[string, (routes: WallRoutes) => void]>([
  ['only GET', (routes) => routes.post('/', { summary, cache }, () => undefined)],
  ['has no guard', (routes) => routes.get('/', { summary, cache: { ttlMs } }, () => undefined)],
  [
    'must not be stored',
    (routes) => routes.get('/', { summary, cache, noStore: true }, () => undefined),
  ],
])('a route that cannot be cached stops the start: %s', async (reason, declare) => {
  const routes = createRoutes({ prefix: '/wrong', tag: 'Wrong' })
  declare(routes)
  await expect(serve({ routes: [routes], cache: replica.cache })).rejects.toThrow(reason)
})
