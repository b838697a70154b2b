import { z } from 'zod'
import {
  createTestCore,
  eventually,
  slowDownCommits,
  startTcpProxy,
  type TcpProxy,
  type TestCore,
} from '../../../testing/index.ts'
import { createDatabase, type Database } from '../../db/index.ts'
import { createStore, type Store, type Tables } from '../../store/index.ts'
import { createRoutes, type Once } from '../index.ts'
import { serve } from '../testing/serve.ts'

type Masons = Store<Pick<Tables, 'user'>>

let test: TestCore
let proxy: TcpProxy
let database: Database
let server: Awaited<ReturnType<typeof serve>>
/** What the handler does in its transaction, and after it. */
let inside: () => unknown
let afterwards: () => unknown

beforeAll(async () => {
  test = await createTestCore()
  const { config, log } = test.core
  proxy = await startTcpProxy(config.databaseUrl)
  database = createDatabase({ config: { ...config, databaseUrl: proxy.url }, log })
  server = await serve({ routes: [masonRoutes(createMasons(database))], database })
})
afterAll(async () => {
  await server.stop()
  await database.close()
  await proxy.close()
  await test.stop()
})
beforeEach(async () => {
  inside = afterwards = () => undefined
  await test.core.database.pool.query('TRUNCATE idempotency_key, "user" CASCADE')
})
afterEach(() => proxy.restore())

function createMasons(database: Database): Masons {
  return createStore({ ...test.core, database }, ({ user }) => ({ user }))
}

/** Hires a mason each time it runs: nothing forbids a second one. */
function masonRoutes(store: Masons) {
  const routes = createRoutes({ prefix: '/masons', tag: 'Masons' })
  const body = z.strictObject({ name: z.string() })
  const Mason = z.object({ id: z.int(), greeting: z.string() })
  const contract = { summary: 'Hire', body, response: Mason, status: 201 }
  routes.post('/', { ...contract, idempotent: true }, async ({ body, once }) =>
    greet(await hire(body.name, once.of(greet))),
  )
  routes.post('/twice', contract, async ({ body, once }) =>
    greet(await hire(body.name, once.of(greet))),
  )
  return routes

  async function hire(name: string, once: Once<{ id: number }>): Promise<{ id: number }> {
    const mason = await store.transaction(async (store) => {
      const email = `${crypto.randomUUID()}@example.com`
      const mason = await store.user.create({ data: { username: email.slice(0, 36), email } })
      await store.answers.keep(once, mason)
      await inside()
      if (name === 'bad') throw new Error('a bad mason')
      return mason
    })
    await afterwards()
    return mason
  }
}

const greet = ({ id }: { id: number }) => ({ id, greeting: `Hello ${id}` })

function hire(name = 'ada', { key = 'k1', to = '' } = {}): Promise<Response> {
  return fetch(`${server.url}/api/v1/masons${to}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) },
    body: JSON.stringify({ name }),
  })
}

const countMasons = async () =>
  Number((await test.core.database.pool.query('SELECT count(*) FROM "user"')).rows[0].count)

describe('an answer that is kept with what the request wrote', () => {
  it('is the one that is sent, and sent again', async () => {
    const first = await hire()
    const second = await hire()
    expect([first.status, second.status]).toEqual([201, 201])
    expect(await second.text()).toBe(await first.text())
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    expect(await countMasons()).toBe(1)
  })

  it('is there as soon as the work is, whatever happens to the process then', async () => {
    afterwards = () => {
      throw new Error('the power fails')
    }
    expect((await hire()).status).toBe(500)
    const again = await hire()
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true'])
    expect(await countMasons()).toBe(1)
  })

  it('is gone when the work is rolled back', async () => {
    expect((await hire('bad')).status).toBe(500)
    expect((await hire('bad')).status).toBe(500)
    expect((await hire('ada')).status).toBe(201)
    expect(await countMasons()).toBe(1)
  })

  it('is there or not, as the work is, when the connection breaks in its commit', async () => {
    const commits = await slowDownCommits(test.core.database.pool, 'user', 1)
    const cut = hire()
    await eventually(commits.areThere)
    await proxy.cut()
    expect((await cut).status).toBe(503)
    await commits.restore()
    await proxy.restore()
    // The server has committed; while it did, the key was in flight.
    const again = await eventually(async () => {
      const answer = await hire()
      return answer.status === 409 ? undefined : answer
    })
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true'])
    expect(await countMasons()).toBe(1)
  })

  it('is told to be unknown while the server is frozen in the commit, and sent when it thaws', async () => {
    const commits = await slowDownCommits(test.core.database.pool, 'user', 1)
    const frozen = hire()
    await eventually(commits.areThere)
    proxy.freeze()
    const answer = await frozen
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await answer.json()).toMatchObject({
      code: 'database.timeout',
      outcome: 'unknown',
      detail: expect.stringMatching(/may have happened.*Idempotency-Key/) as unknown,
    })
    await commits.restore()
    await proxy.restore()
    const again = await eventually(async () => {
      const answer = await hire()
      return answer.status === 201 ? answer : undefined
    })
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(await countMasons()).toBe(1)
  })

  it('is given up with the work when the commit takes too long, and the key is free', async () => {
    const commits = await slowDownCommits(test.core.database.pool, 'user', 30)
    const answer = await hire()
    expect(answer.status).toBe(503)
    const problem = (await answer.json()) as object
    expect(problem).toMatchObject({ code: 'database.timeout' })
    expect(problem).not.toHaveProperty('outcome')
    expect([await commits.areThere(), await countMasons()]).toEqual([false, 0])
    await commits.restore()
    expect((await hire()).headers.get('idempotency-replayed')).toBeNull()
    expect(await countMasons()).toBe(1)
  })

  it('leaves the key free when the server gives the commit up', async () => {
    const commits = await slowDownCommits(test.core.database.pool, 'user', 30)
    const ended = hire()
    await eventually(commits.terminate)
    expect((await ended).status).toBe(503)
    await commits.restore()
    const again = await hire()
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, null])
    expect(await countMasons()).toBe(1)
  })

  it('leaves the key free soon after the database was away for a moment', async () => {
    inside = () => proxy.cut()
    expect((await hire()).status).toBe(503)
    inside = () => undefined
    await proxy.restore()
    const again = await eventually(async () => {
      const answer = await hire()
      return answer.status === 409 ? undefined : answer
    })
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, null])
    expect(await countMasons()).toBe(1)
  })

  it('is refused, with all that was written, once another request has the key', async () => {
    const { pool } = test.core.database
    await pool.query(`
      CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN UPDATE idempotency_key SET lease = gen_random_uuid(); RETURN NEW; END $$;
      CREATE TRIGGER lose AFTER INSERT ON "user" FOR EACH ROW EXECUTE FUNCTION lose()`)
    const late = await hire()
    await pool.query('DROP FUNCTION lose CASCADE')
    expect([late.status, late.headers.get('retry-after')]).toEqual([409, '1'])
    expect(await late.json()).toMatchObject({ code: 'request.idempotency_in_flight' })
    expect(await countMasons()).toBe(0)
  })

  it('needs no key', async () => {
    expect((await hire('ada', { key: '' })).status).toBe(201)
    expect((await hire('ada', { key: '' })).status).toBe(201)
    expect(await countMasons()).toBe(2)
  })

  it('is a defect on a route that is not idempotent, and outside a transaction', async () => {
    expect((await hire('ada', { to: '/twice' })).status).toBe(500)
    expect(await countMasons()).toBe(0)
    const once = {} as Once<string>
    await expect(createMasons(test.core.database).answers.keep(once, 'kept')).rejects.toThrow(
      'in a transaction only',
    )
  })
})
