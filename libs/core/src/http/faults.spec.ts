import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { z } from 'zod'
import { defineList, integer, text } from '../list/index.ts'
import { createRoutes } from './index.ts'
import { serve } from './testing/serve.ts'

interface Fault {
  pointer: string
  code: string
  detail: string
  position?: number
}

interface Problem {
  detail: string
  errors: Fault[]
}

const wallList = defineList({
  fields: { id: integer(), name: text() },
  sort: ['id'],
  filter: ['id', 'name'],
})

function wallRoutes() {
  const routes = createRoutes({ prefix: '/walls', tag: 'Walls' })
  routes.get('/', { summary: 'List', list: wallList, response: z.object({}) }, () => ({
    data: [],
    pagination: { page: 1, per_page: 10 },
    hasNext: false,
  }))
  routes.post(
    '/',
    {
      summary: 'Build',
      headers: z.object({ 'x-mason': z.string().max(5).optional(), 'if-match': z.string() }),
      body: z.strictObject({
        name: z.string().min(1).max(5),
        height: z.number().optional(),
        stones: z.array(z.string()).optional(),
      }),
    },
    () => undefined,
  )
  return routes
}

let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  server = await serve({ routes: [wallRoutes()] })
})
afterAll(() => server.stop())

async function list(query: string): Promise<Fault[]> {
  const answer = await fetch(`${server.url}/api/v1/walls?${query}`)
  expect(answer.status).toBe(422)
  return ((await answer.json()) as Problem).errors
}

/** With header fields that may come several times. */
async function build(body: string, headers: Record<string, string | string[]> = {}) {
  const request = httpRequest(`${server.url}/api/v1/walls`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'if-match': '"1"', ...headers },
  })
  request.end(body)
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  if (answer.statusCode !== 422) return { status: answer.statusCode, detail: '', errors: [] }
  return { status: 422, ...((await json(answer)) as Problem) }
}

const placesOf = (faults: Fault[]): string[] =>
  faults.map(({ pointer, code }) => `${pointer} ${code}`)

describe('a request with several faults', () => {
  it.each([
    [
      'sort=foo&filters=foo:1&page=0',
      ['page invalid_value', 'sort unknown_field', 'filters unknown_field'],
    ],
    [
      'sort=foo&per_page=x&colour=red',
      ['per_page invalid_format', 'colour unknown', 'sort unknown_field'],
    ],
    ['sort=foo&cursor=%00', ['cursor invalid_text', 'sort unknown_field']],
    [
      'filters=%00&page=0&sort=foo',
      ['page invalid_value', 'sort unknown_field', 'filters invalid_text'],
    ],
    [
      '__proto__=1&page=0&filters=id:x',
      ['__proto__ unknown', 'page invalid_value', 'filters invalid_value'],
    ],
    ['constructor=1&colour=red', ['constructor unknown', 'colour unknown']],
  ])('hears of each, in the query %s', async (query, faults) => {
    expect(placesOf(await list(query))).toEqual(faults.map((fault) => `/query/${fault}`))
  })

  it.each([
    [
      '{"name":"a\\u0000","height":"x","colour":1}',
      ['name invalid_text', 'height invalid_type', 'colour unknown'],
    ],
    ['{"name":"longer\\u0000"}', ['name invalid_text']],
    ['{"__proto__":{"a":"\\u0000"},"name":""}', ['__proto__ unknown', 'name too_small']],
    [
      '{"constructor":1,"height":"x"}',
      ['constructor unknown', 'name invalid_type', 'height invalid_type'],
    ],
    ['{"stones":["\\ud800",1],"name":"a"}', ['stones/0 invalid_text', 'stones/1 invalid_type']],
  ])('hears of each, in the body %s', async (body, faults) => {
    const { errors } = await build(body)
    expect(placesOf(errors)).toEqual(faults.map((fault) => `/body/${fault}`))
  })

  it('hears of a hundred, and how many more there are', async () => {
    const stones = (count: number) =>
      build(JSON.stringify({ name: 'a', stones: Array(count).fill(1) }))
    const most = await stones(100)
    const more = await stones(150)
    expect([most.errors.length, more.errors.length]).toEqual([100, 100])
    expect(most.detail).not.toContain('not listed')
    expect(more.detail).toContain('Faults that are not listed: 50.')
  })
})

describe('a fault', () => {
  it('is one, where the type is wrong and so is all that follows from it', async () => {
    expect(placesOf((await build('{"name":[]}')).errors)).toEqual(['/body/name invalid_type'])
  })

  it.each([
    ['{"name":-1e999}', 'Invalid input: expected string'],
    ['{"name":"a","height":1e999}', 'Invalid input: expected number'],
    ['{"name":null}', 'Invalid input: expected string'],
    ['{}', 'Missing: expected string'],
  ])('tells what is expected and not what came: %s', async (body, detail) => {
    expect((await build(body)).errors).toMatchObject([{ detail }])
  })

  it.each(['colour', '__proto__', 'constructor'])(
    'calls %s a parameter in the query',
    async (name) => {
      expect(await list(`${name}=1`)).toMatchObject([{ detail: 'There is no such parameter.' }])
    },
  )

  it.each([
    [`sort=${'a'.repeat(2_001)}`, 'sort', 2_000],
    [`filters=${'a'.repeat(2_001)}`, 'filters', 2_000],
    ['sort=id%00', 'sort', 2],
    ['filters=%00', 'filters', 0],
  ])('has a place in a text with a grammar: %#', async (query, parameter, position) => {
    expect(await list(query)).toMatchObject([{ pointer: `/query/${parameter}`, position }])
  })
})

describe('a header field', () => {
  it('comes once, where the route reads it', async () => {
    const { errors } = await build('{"name":"a"}', { 'x-mason': ['ann', 'bob'] })
    expect(placesOf(errors)).toEqual(['/headers/x-mason duplicate'])
    expect((await build('{"name":"a"}', { 'x-other': ['a', 'b'] })).status).toBe(204)
  })

  it('may come twice, where it is a list', async () => {
    expect((await build('{"name":"a"}', { 'if-match': ['"1"', '"2"'] })).status).toBe(204)
  })
})
