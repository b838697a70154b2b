import { argon2Sync, createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { z } from 'zod'
import { createTestCore, eventually, watchDeletes, type TestCore } from '../../../testing/index.ts'
import { createCoreModule } from '../../module/index.ts'
import { createRoutes, type Guard } from '../index.ts'
import { serve, stoneTaken } from '../testing/serve.ts'

type Server = Awaited<ReturnType<typeof serve>>

const path = '/api/v1/walls'

let test: TestCore
let server: Server
let built: string[]
/** Holds the handler until it is called. */
let letGo: () => void

beforeAll(async () => {
  test = await createTestCore()
  server = await serve({ routes: [wallRoutes()], database: test.core.database })
})
afterAll(async () => {
  await server.stop()
  await test.stop()
})
beforeEach(async () => {
  built = []
  await test.core.database.pool.query('DELETE FROM idempotency_key')
})

const builder: Guard<{ builder: string }> = {
  name: 'builder',
  security: 'bearer',
  errors: [],
  authenticate: (request) => Promise.resolve({ builder: request.get('authorization') ?? '' }),
  identify: ({ builder }) => builder,
}

function wallRoutes() {
  const routes = createRoutes({ prefix: '/walls', tag: 'Walls' })
  const body = z.strictObject({
    name: z.string(),
    password: z.unknown().optional(),
    tools: z.unknown().optional(),
  })
  const Wall = z.object({ id: z.int(), name: z.string() })
  routes.post(
    '/',
    {
      summary: 'Build',
      body,
      response: Wall,
      status: 201,
      idempotent: true,
      etag: 'body',
      location: ({ id }) => `/walls/${id}`,
      errors: [stoneTaken],
    },
    async ({ body: { name } }) => {
      built.push(name)
      if (name === 'taken') throw stoneTaken()
      if (name === 'slow') await new Promise<void>((resolve) => (letGo = resolve))
      return { id: built.length, name }
    },
  )
  routes.post(
    '/own',
    { summary: 'Build for oneself', guard: builder, body, response: Wall, idempotent: true },
    ({ body: { name } }) => ({ id: built.push(name), name }),
  )
  routes.post('/silent', { summary: 'Say nothing', body, idempotent: true }, ({ body }) => {
    built.push(body.name)
  })
  return routes
}

describe('an idempotency key', () => {
  it('lets a repeat have the first answer again: status, body and place', async () => {
    const first = await build('k1', { name: 'north' })
    const second = await build('k1', { name: 'north' })
    expect([first.status, second.status]).toEqual([201, 201])
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    expect(await second.text()).toBe(await first.text())
    for (const name of ['location', 'etag', 'content-type', 'content-length'])
      expect(second.headers.get(name)).toBe(first.headers.get(name))
    expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
    expect(built).toEqual(['north'])
  })

  it('repeats an answer without a body', async () => {
    await build('k1', { name: 'north' }, { to: '/silent' })
    const again = await build('k1', { name: 'north' }, { to: '/silent' })
    expect([again.status, await again.text()]).toEqual([204, ''])
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(built).toEqual(['north'])
  })

  it('is not needed', async () => {
    await build(undefined, { name: 'north' })
    await build(undefined, { name: 'north' })
    expect(built).toEqual(['north', 'north'])
  })

  it('knows a body by what it says, not by its blanks', async () => {
    await build('k1', { name: 'north' })
    const again = await build('k1', '{ "name" : "north" }')
    expect(again.headers.get('idempotency-replayed')).toBe('true')
  })

  it('is refused for another body', async () => {
    await build('k1', { name: 'north' })
    const other = await build('k1', { name: 'south' })
    expect(other.status).toBe(422)
    expect(await other.json()).toMatchObject({
      code: 'request.validation_failed',
      errors: [{ pointer: '/headers/idempotency-key', code: 'reused' }],
    })
    expect(built).toEqual(['north'])
  })

  it('belongs to one route and one caller', async () => {
    const own = (authorization: string) =>
      build('k1', { name: 'north' }, { to: '/own', headers: { authorization } })
    await build('k1', { name: 'north' })
    await own('Bearer ann')
    const other = await own('Bearer bob')
    expect(other.headers.get('idempotency-replayed')).toBeNull()
    expect((await own('Bearer ann')).headers.get('idempotency-replayed')).toBe('true')
    expect(built).toHaveLength(3)
  })

  it('is 409 while the first request is in flight, and the handler runs once', async () => {
    const first = build('k1', { name: 'slow' })
    await eventually(() => built.length === 1)
    const others = await Promise.all([1, 2, 3].map(() => build('k1', { name: 'slow' })))
    for (const other of others) {
      expect(other.status).toBe(409)
      expect(other.headers.get('retry-after')).toBe('1')
      expect(await other.json()).toMatchObject({ code: 'request.idempotency_in_flight' })
    }
    letGo()
    expect((await first).status).toBe(201)
    expect(built).toEqual(['slow'])
  })

  it('lets one of many that come at once through', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => build('k1', { name: 'north' })),
    )
    expect(built).toEqual(['north'])
    expect(new Set(answers.map(({ status }) => status))).toEqual(
      new Set(answers.some(({ status }) => status === 409) ? [201, 409] : [201]),
    )
  })

  it('is free again after a failure', async () => {
    expect((await build('k1', { name: 'taken' })).status).toBe(409)
    expect((await build('k1', { name: 'taken' })).status).toBe(409)
    expect(built).toEqual(['taken', 'taken'])
    expect((await build('k1', { name: 'north' })).status).toBe(201)
  })

  it('is not used up by a request that does not fit', async () => {
    expect((await build('k1', { nam: 'north' })).status).toBe(422)
    expect((await build('k1', { name: 'north' })).status).toBe(201)
  })

  it.each([
    ['255 characters', 'k'.repeat(255), 201],
    ['256 characters', 'k'.repeat(256), 422],
    ['none', '', 422],
    ['a letter beyond ASCII', 'ké', 422],
    ['a tab', 'a\tb', 422],
  ])('of %s', async (_what, key, status) => {
    const answer = await build(key, { name: 'north' })
    expect(answer.status).toBe(status)
    if (status === 422)
      expect(await answer.json()).toMatchObject({
        errors: [{ pointer: '/headers/idempotency-key' }],
      })
  })

  it('is refused where two are sent', async () => {
    const request = httpRequest(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': ['k1', 'k2'] },
    })
    request.end('{"name":"north"}')
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    expect(answer.statusCode).toBe(422)
    expect(await json(answer)).toMatchObject({
      errors: [{ pointer: '/headers/idempotency-key', code: 'duplicate' }],
    })
    expect(built).toEqual([])
  })

  it('is told with every other fault of the request', async () => {
    const answer = await build('', {})
    const { errors } = (await answer.json()) as { errors: { pointer: string }[] }
    expect(errors.map(({ pointer }) => pointer)).toEqual(['/headers/idempotency-key', '/body/name'])
  })

  it('of a process that died is free after a minute, for the same request', async () => {
    await build('k1', { name: 'north' })
    await pretend("status = NULL, leased_until = now() + interval '1 second'")
    expect((await build('k1', { name: 'north' })).status).toBe(409)
    await pretend("leased_until = now() - interval '1 second'")
    expect((await build('k1', { name: 'south' })).status).toBe(422)
    expect((await build('k1', { name: 'north' })).status).toBe(201)
    expect(built).toEqual(['north', 'north'])
    const { rows } = await test.core.database.pool.query<{ seconds: number }>(
      'SELECT extract(epoch FROM leased_until - now())::float AS seconds FROM idempotency_key',
    )
    expect(rows[0]?.seconds).toBeLessThanOrEqual(60)
  })

  it('is not settled by an attempt whose minute is over', async () => {
    const first = build('k1', { name: 'slow' })
    await eventually(() => built.length === 1)
    const finishFirst = letGo
    await pretend("leased_until = now() - interval '1 second'")
    const second = build('k1', { name: 'slow' })
    await eventually(() => built.length === 2)
    finishFirst()
    expect(await (await first).json()).toMatchObject({ data: { id: 2 } })
    expect((await build('k1', { name: 'slow' })).status).toBe(409)
    letGo()
    await second
    expect((await build('k1', { name: 'slow' })).status).toBe(201)
  })

  it('is forgotten after a day, and then purged by a task', async () => {
    const [task] = createCoreModule(test.core).tasks ?? []
    await build('k1', { name: 'north' })
    await build('k2', { name: 'east' })
    await pretend("expires_at = expires_at - interval '24 hours'")
    expect((await build('k1', { name: 'south' })).status).toBe(201)
    expect(await task?.run({}, {} as never)).toEqual({ purged: 1 })
    const { rowCount } = await test.core.database.pool.query('SELECT FROM idempotency_key')
    expect(rowCount).toBe(1)
  })

  it('is purged in statements that stay short, and no longer than the task may', async () => {
    const { pool } = test.core.database
    await pool.query(
      `INSERT INTO idempotency_key (hash, fingerprint, lease, leased_until, expires_at)
       SELECT sha256(n::text::bytea), '', gen_random_uuid(), now(), now() FROM generate_series(1, 1001) n`,
    )
    const batches = await watchDeletes(pool, 'idempotency_key')
    const [task] = createCoreModule(test.core).tasks ?? []
    expect(await task?.run({}, { signal: AbortSignal.abort() } as never)).toEqual({ purged: 0 })
    expect(await task?.run({}, {} as never)).toEqual({ purged: 1_001 })
    expect(await batches()).toEqual([500, 500, 1])
  })

  it('and the body are stored as digests that the table alone does not explain', async () => {
    await build('a-secret-key', { name: 'north', password: 'cut stone by stone' })
    const [row] = await storedRows()
    expect(JSON.stringify(row)).not.toMatch(/a-secret-key|cut stone/)
    await build('another-key', { name: 'north', password: 'cut stone by stone' })
    const fingerprints = (await storedRows()).map(({ fingerprint }) => fingerprint)
    expect(new Set(fingerprints).size).toBe(2)
  })

  it('is that of another request where only a secret differs, at any depth', async () => {
    const given = { name: 'north', password: 'one', tools: [{ pin: 1, name: 'chisel' }] }
    expect((await build('k1', given)).status).toBe(201)
    for (const other of [
      { ...given, password: 'two' },
      { ...given, password: '' },
      { name: 'north', tools: given.tools },
      { ...given, tools: [{ pin: 2, name: 'chisel' }] },
      { ...given, password: given.tools, tools: 'one' },
    ])
      expect((await build('k1', other)).status).toBe(422)
    expect((await build('k1', given)).headers.get('idempotency-replayed')).toBe('true')
    expect(built).toEqual(['north'])
  })

  it('lets whoever has it and the table guess at a password by a slow hash alone', async () => {
    const given = { name: 'north', password: 'cut stone by stone' }
    await build('k1', given)
    const [row] = await storedRows()
    const { hash, fingerprint } = row!
    const parts = (body: object) => JSON.stringify(['POST', {}, {}, body])
    const digests = [parts(given), JSON.stringify(given)].flatMap((text) => [
      createHmac('sha256', 'k1').update(text).digest(),
      createHash('sha256').update(text).digest(),
    ])
    expect(digests).not.toContainEqual(fingerprint)
    const slow = argon2Sync('argon2id', {
      message: JSON.stringify([given.password]),
      nonce: hash,
      parallelism: 1,
      tagLength: 32,
      memory: 19_456,
      passes: 2,
    })
    const open = parts({ ...given, password: 'secret 1' })
    expect(createHmac('sha256', 'k1').update(open).update(slow).digest()).toEqual(fingerprint)
  })

  it('costs no slow hash where the body has no secret', async () => {
    const many = Array.from({ length: 200 }, (_, index) => build(`k${index}`, { name: 'north' }))
    expect(new Set((await Promise.all(many)).map(({ status }) => status))).toEqual(new Set([201]))
  })

  it('is refused with 503 where too many with secrets wait', async () => {
    const many = Array.from({ length: 150 }, (_, index) =>
      build(`k${index}`, { name: 'north', password: 'one' }),
    )
    const answers = await Promise.all(many)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 503]))
    const refused = answers.find(({ status }) => status === 503)
    expect(refused?.headers.get('retry-after')).toBe('2')
    expect((await build('k1', { name: 'north', password: 'one' })).status).toBe(201)
  })

  it('does not hide an answer that could not be kept', async () => {
    await test.core.database.pool.query(
      'ALTER TABLE idempotency_key ADD CONSTRAINT broken CHECK (status IS NULL)',
    )
    expect((await build('k1', { name: 'north' })).status).toBe(201)
    await test.core.database.pool.query('ALTER TABLE idempotency_key DROP CONSTRAINT broken')
    expect(server.lines.some(({ msg }) => /could not be settled/.test(String(msg)))).toBe(true)
  })
})

describe('an idempotent route', () => {
  const declare = (method: 'post' | 'put', contract: object) => {
    const routes = createRoutes({ prefix: '/x', tag: 'X' })
    routes[method]('/', { summary: 'X', idempotent: true, ...contract }, () => undefined)
    return serve({ routes: [routes], database: test.core.database })
  }

  it('stops the start where its answer must not be stored', async () => {
    await expect(declare('post', { noStore: true })).rejects.toThrow('must not be stored')
  })

  it('stops the start where it is no POST', async () => {
    await expect(declare('put', {})).rejects.toThrow('only POST can be')
  })

  it('stops the start where there is no database', async () => {
    await expect(serve({ routes: [wallRoutes()] })).rejects.toThrow('no database')
  })
})

function build(
  key: string | undefined,
  body: object | string,
  { to = '', headers = {} }: { to?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  return fetch(server.url + path + to, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

async function storedRows() {
  const { rows } = await test.core.database.pool.query<{ hash: Buffer; fingerprint: Buffer }>(
    'SELECT * FROM idempotency_key',
  )
  return rows
}

/** Sets the one row that there is, or all. */
const pretend = (assignments: string) =>
  test.core.database.pool.query(`UPDATE idempotency_key SET ${assignments}`)
