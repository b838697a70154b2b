import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { z } from 'zod'
import { createTestCore, type TestCore } from '../../testing/index.ts'
import { mapPage } from '../db/index.ts'
import { defineList, integer, oneOf, text, time } from '../list/index.ts'
import { createRoutes } from './index.ts'
import { serve } from './testing/serve.ts'

const fields = {
  id: integer(),
  username: text({ ignoreCase: true, maxLength: 50 }),
  status: oneOf(['active', 'inactive']),
  createdAt: time(),
  emailVerifiedAt: time({ nullable: true }),
}
const names = Object.keys(fields) as (keyof typeof fields)[]

const masonList = defineList({
  fields,
  sort: names,
  filter: names,
  perPage: 2,
  parameters: z.strictObject({ shout: z.enum(['true']).optional() }),
})

let test: TestCore
let server: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  test = await createTestCore()
  const { user } = test.core.database.client
  await user.createMany({
    data: ['ada', "b'; --", 'c%_'].map((username) => ({
      username,
      email: `${username.slice(0, 1)}@example.com`,
      passwordHash: 'none',
    })),
  })
  const routes = createRoutes({ prefix: '/masons', tag: 'Masons' })
  routes.get(
    '/',
    { summary: 'List masons', list: masonList, response: z.object({ name: z.string() }) },
    async ({ list }) =>
      mapPage(await user.findPage({ list }), ({ username }) => ({
        name: list.parameters.shout ? username.toUpperCase() : username,
      })),
  )
  server = await serve({ routes: [routes] })
})
afterAll(async () => {
  await server.stop()
  await test.stop()
})

const ask = (query: Record<string, string>) =>
  fetch(`${server.url}/api/v1/masons?${new URLSearchParams(query).toString()}`)

/** Sends a target as it is. */
async function askRaw(path: string): Promise<{ statusCode: number | undefined; link: unknown }> {
  const { hostname, port } = new URL(server.url)
  const request = httpRequest({ hostname, port, path, agent: false })
  request.end()
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  answer.resume()
  return { statusCode: answer.statusCode, link: answer.headers['link'] }
}

describe('a list', () => {
  it('answers rows, pagination and links, and takes parameters of its own', async () => {
    const answer = await ask({ sort: 'username', shout: 'true' })
    expect(await answer.json()).toEqual({
      data: [{ name: 'ADA' }, { name: "B'; --" }],
      meta: { pagination: { total: 3, page: 1, per_page: 2 } },
    })
    expect(answer.headers.get('link')).toContain(
      '</api/v1/masons?sort=username&shout=true&page=2>; rel="next"',
    )
  })

  it('links to itself alone, also when the target names another host', async () => {
    for (const scheme of ['http', 'ftp', 'evil']) {
      const { statusCode, link } = await askRaw(`${scheme}://evil.example/api/v1/masons?per_page=1`)
      expect(statusCode).toBe(200)
      expect(link).toContain('</api/v1/masons?per_page=1&page=2>; rel="next"')
      expect(link).not.toContain('evil')
    }
  })

  it('has one spelling: a fragment is no part of a target', async () => {
    expect((await askRaw('/api/v1/masons#x')).statusCode).toBe(400)
  })

  it.each([
    [{ sort: 'id,secret' }, '/query/sort', 3],
    [{ filters: 'id:[1,x]' }, '/query/filters', 6],
    [{ filters: `id:[${'['.repeat(500)}` }, '/query/filters', 4],
    [{ filters: `id:[${'1,'.repeat(900)}1]` }, '/query/filters', 3],
    [{ filters: 'id:1e999' }, '/query/filters', 3],
    [{ cursor: 'nonsense' }, '/query/cursor', undefined],
    [{ page: '1000', per_page: '100', shout: 'no' }, '/query/shout', undefined],
  ])('refuses %j', async (query, pointer, position) => {
    const answer = await ask(query)
    expect(answer.status).toBe(422)
    const { errors } = (await answer.json()) as { errors: object[] }
    expect(errors).toMatchObject([{ pointer, ...(position !== undefined && { position }) }])
  })

  it('takes twenty filters, and refuses more with the place of the first beyond', async () => {
    const filters = Array.from({ length: 20 }, () => 'id:gt:0').join(',')
    expect((await ask({ filters })).status).toBe(200)
    const answer = await ask({ filters: `${filters}${',id:gt:0'.repeat(115)}` })
    expect(answer.status).toBe(422)
    expect(await answer.json()).toMatchObject({
      errors: [{ pointer: '/query/filters', code: 'too_big', position: filters.length + 1 }],
    })
  })

  it('treats quotes, comments and wildcards as data', async () => {
    for (const [filters, count] of [
      [`username:"b'; --"`, 1],
      ['username:like:%', 1],
      ['username:like:_', 1],
      ['username:c__', 0],
      ['username:"\\\\"', 0],
    ] as const) {
      const { data } = (await (await ask({ filters })).json()) as { data: object[] }
      expect([filters, data.length]).toEqual([filters, count])
    }
  })

  it('answers 200 or 422, whatever is asked', async () => {
    const value = fc.oneof(
      fc.constantFrom('1', '"a"', '2026-01-31', 'true', 'active', '-2147483648', '%', "'", '$1'),
      fc.string({ maxLength: 8 }),
    )
    const name = fc.constantFrom(...names)
    const operator = fc.constantFrom(':', ':gt:', ':lte:', ':ne:', ':like:', ':null:', ':[')
    const filter = fc
      .tuple(name, operator, value)
      .map(([name, operator, value]) =>
        operator === ':[' ? `${name}:[${value},${value}]` : name + operator + value,
      )
    const query = fc.record(
      {
        filters: fc.array(filter, { maxLength: 3 }).map((all) => all.join(',')),
        sort: fc.array(name, { maxLength: 3 }).map((all) => all.join(':desc,')),
        page: fc.constantFrom('1', '0', '10000', '99999999999'),
        per_page: fc.constantFrom('1', '100', '101', 'x'),
        cursor: fc.constantFrom('', 'WzEsIiIsWzFdXQ', '%%%'),
        total: fc.constantFrom('true', 'false', ''),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(query, async (query) => {
        const answer = await ask(query)
        expect([200, 422]).toContain(answer.status)
      }),
      { numRuns: 300 },
    )
  })

  it('stands in the API document with grammar, allow-lists, answer and links', async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: Record<string, { get: Operation }>
    }
    const { parameters, responses } = document.paths['/api/v1/masons']!.get
    const descriptions = new Map(parameters.map(({ name, ...rest }) => [name, rest]))
    expect([...descriptions.keys()].toSorted()).toEqual([
      'cursor',
      'filters',
      'page',
      'per_page',
      'shout',
      'sort',
      'total',
    ])
    expect(JSON.stringify(descriptions.get('sort'))).toContain('`emailVerifiedAt`')
    expect(JSON.stringify(descriptions.get('filters'))).toContain('like')
    expect(JSON.stringify(descriptions.get('sort'))).toContain('at most 8')
    expect(JSON.stringify(descriptions.get('filters'))).toContain('at most 20')
    expect(descriptions.get('per_page')).toMatchObject({ schema: { default: 2, maximum: 100 } })
    expect(responses['200'].headers).toHaveProperty('Link')
    // Swagger UI fills an example in, and sends it.
    expect(JSON.stringify(parameters)).not.toContain('"example')
  })
})

interface Operation {
  parameters: { name: string; schema?: object }[]
  responses: Record<'200', { headers: object }>
}
