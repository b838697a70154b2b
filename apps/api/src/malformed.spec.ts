import {
  forEach,
  readRoutes,
  type DocumentedRoute,
  type Schema,
} from './testing/documented-routes.ts'
import { everyOption } from './testing/every-option.ts'
import { expectProblem } from './testing/expect-problem.ts'
import { serveApi, type Answer, type TestApi } from './testing/serve-api.ts'

let api: TestApi
let routes: DocumentedRoute[]
let withBody: DocumentedRoute[]
/** Header fields with which everything may be asked. */
let admin: Record<string, string>

beforeAll(async () => {
  api = await serveApi(everyOption())
  routes = await readRoutes(api)
  withBody = routes.filter(({ bodies }) => 'application/json' in bodies)
  admin = { ...(await api.signUp('admin')).headers, 'if-match': '*' }
})
afterAll(() => api.stop())

const send = ({ method, path }: DocumentedRoute, body?: string, headers = {}): Promise<Answer> =>
  api.ask(method, path, { headers: { ...admin, ...headers }, body })

describe('every route refuses', () => {
  it('an unknown parameter with 422, one given twice or in no UTF-8 with 400', () =>
    forEach(routes, async ({ method, path, operation }) => {
      const body = operation.requestBody && '{}'
      const ask = (query: string) => api.ask(method, `${path}?${query}`, { headers: admin, body })
      // Providers add what they like.
      if (!path.endsWith('/callback'))
        expect(expectProblem(await ask('unknown=1'), 422)).toContain('/query/unknown unknown')
      expectProblem(await ask('a=1&a=2'), 400, 'request.duplicate_parameter')
      expectProblem(await ask('a=%ff'), 400, 'request.malformed_text')
    }))

  it('a body that it does not take with 415', () =>
    forEach(routes, async (route) => {
      if (route.method === 'GET') return
      const taken = ['text/plain', 'application/json; charset=latin1', 'json']
      for (const type of route.operation.requestBody ? taken : ['application/json']) {
        const answer = await send(route, '{}', { 'content-type': type })
        expectProblem(answer, 415, 'request.unsupported_media_type')
      }
    }))
})

describe('every route with a JSON body refuses', () => {
  it('malformed JSON with 400', () =>
    forEach(withBody, async (route) => {
      expectProblem(await send(route, '{"a":'), 400, 'request.malformed_json')
      expectProblem(await send(route, '{"a":1,"a":2}'), 400, 'request.duplicate_key')
      const deep = `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`
      expectProblem(await send(route, deep), 400, 'request.nested_too_deep')
    }))

  it('one that is not in the coding that it names with 400, and one in a coding that nobody knows with 415', () =>
    forEach(withBody, async (route) => {
      const broken = await send(route, '{}', { 'content-encoding': 'gzip' })
      expectProblem(broken, 400, 'request.malformed_coding')
      const unknown = await send(route, '{}', { 'content-encoding': 'zstd' })
      expectProblem(unknown, 415, 'request.unsupported_media_type')
    }))

  it('one of over 100 KiB with 413', () =>
    forEach(withBody, async (route) => {
      const answer = await send(route, JSON.stringify({ a: 'a'.repeat(100 * 1_024) }))
      expectProblem(answer, 413, 'request.body_too_large')
    }))

  it('what is no object or says too much with 422', () =>
    forEach(withBody, async (route) => {
      for (const body of ['[]', 'null', '1', '"a"'])
        expect(expectProblem(await send(route, body), 422)).toContain('/body invalid_type')
      expect(expectProblem(await send(route, '{"unheardOf":1}'), 422)).toContain(
        '/body/unheardOf unknown',
      )
    }))

  it('one without a member that it needs, an empty one too, and points there', () =>
    forEach(withBody, async (route) => {
      const { required = [] } = jsonOf(route)
      if (required.length === 0) return
      const missing = required.map((name) => `/body/${name} invalid_type`).toSorted()
      for (const body of ['{}', ''])
        expect(expectProblem(await send(route, body), 422).toSorted()).toEqual(missing)
    }))

  it('a member of another type, and points there, once, without repeating it', () =>
    forEach(withBody, async (route) => {
      for (const [name, schema] of membersOf(jsonOf(route)))
        for (const value of valuesOfOtherTypes(schema)) {
          const answer = await send(route, JSON.stringify({ [name]: value }))
          expectFaultAt(`/body/${name}`, answer, value)
          expect(answer.text).not.toMatch(planted)
        }
    }))

  it('text that is too long, too short, not one of its words or no text at all, and does not repeat it', () =>
    forEach(withBody, async (route) => {
      for (const [name, schema] of membersOf(jsonOf(route)))
        for (const value of textsThatBreak(schema)) {
          const answer = await send(route, JSON.stringify({ [name]: value }))
          expectFaultAt(`/body/${name}`, answer, value)
          expect(answer.text).not.toContain(plantedText)
        }
    }))
})

describe('every route with a form refuses', () => {
  it('what the route with a JSON body does', () =>
    forEach(
      routes.filter(({ bodies }) => formType in bodies),
      async (route) => {
        const form = route.bodies[formType] ?? {}
        const sendForm = (body: string) => send(route, body, { 'content-type': formType })
        const missing = (form.required ?? []).map((name) => `/body/${name} invalid_type`)
        expect(expectProblem(await sendForm(''), 422).toSorted()).toEqual(missing.toSorted())
        expect(expectProblem(await sendForm('unheardOf=1'), 422)).toContain(
          '/body/unheardOf unknown',
        )
        expectProblem(await sendForm('a=1&a=2'), 400, 'request.duplicate_parameter')
        expectProblem(await sendForm('a=%ff'), 400, 'request.malformed_text')
        for (const [name, schema] of membersOf(form))
          for (const value of textsThatBreak(schema).filter((text) => text.isWellFormed())) {
            const answer = await sendForm(String(new URLSearchParams({ [name]: value })))
            expectFaultAt(`/body/${name}`, answer, value)
            expect(answer.text).not.toContain(plantedText)
          }
      },
    ))
})

describe('every route with an id in its path refuses', () => {
  const withId = () => routes.filter(({ template }) => template.includes('{id}'))
  const askFor = ({ method, template, operation }: DocumentedRoute, id: string) =>
    api.ask(method, template.replace('{id}', id), {
      headers: admin,
      body: operation.requestBody && '{}',
    })

  it('one that does not parse with 422, and points there', () =>
    forEach(withId(), async (route) => {
      const bad = ['0', '-1', '+1', '01', '1.0', '1e3', '0x1', 'me', '%20', '1%00', '%EF%BC%91']
      for (const id of bad) expectFaultAt('/params/id', await askFor(route, id), id)
    }))

  it('one that nothing has with 404', () =>
    forEach(withId(), async (route) => {
      const isNumber = typeOfId(route) === 'integer'
      const [free, ...out] = isNumber
        ? ['999999', '2147483648', '99999999999999999999']
        : ['0198c0de-0000-7000-8000-000000000000']
      const code = expect.stringMatching(/^(?!request\.)\w+\.\w+_not_found$/) as string
      expectProblem(await askFor(route, free), 404, code)
      expect(route.problems.includes('request.not_found')).toBe(isNumber)
      for (const id of out) expectProblem(await askFor(route, id), 404, 'request.not_found')
    }))
})

describe('every list refuses', () => {
  const tooLong = 'a'.repeat(2_001)
  it.each([
    ['page', ['', '0', '-1', '1.5', '1e1', '+1', ' 1', 'a', '100001', '99999999999999999999']],
    ['per_page', ['', '0', '-1', '101', '1.5', 'a']],
    ['cursor', ['a', '!', 'e30', '\0']],
    ['total', ['', '1', 'TRUE']],
    ['sort', ['nosuch', 'id:up', 'id,', ',id', ' id', ' ', 'id:asc:desc', tooLong]],
    ['filters', ['nosuch:1', 'id', 'id:', ' ', 'id:1,', 'id:[1', 'id:"', tooLong]],
    ['deleted', ['', '1', 'TRUE']],
  ])('%s in a form that it cannot read with 422, and points there', (name, values) =>
    forEach(routesWith('query', name), async ({ path }) => {
      for (const value of values) {
        const query = String(new URLSearchParams({ [name]: value }))
        const answer = await api.ask('GET', `${path}?${query}`, { headers: admin })
        expectFaultAt(`/query/${name}`, answer, value)
      }
    }),
  )

  it('pages that are too far away, and names the cursor', () =>
    forEach(routesWith('query', 'page'), async ({ path }) => {
      const answer = await api.ask('GET', `${path}?page=1001&per_page=100`, { headers: admin })
      expect(expectProblem(answer, 422)).toEqual([expect.stringContaining('/query/page')])
      expect(answer.text).toContain('cursor')
    }))
})

it('every route that takes an Idempotency-Key refuses one that is none with 422, and points there', () =>
  forEach(routesWith('header', 'idempotency-key'), async (route) => {
    for (const key of ['', 'k'.repeat(256), 'a\tb', 'é']) {
      const answer = await send(route, '{}', { 'idempotency-key': key })
      expectFaultAt('/headers/idempotency-key', answer, key)
    }
  }))

const formType = 'application/x-www-form-urlencoded'

const jsonOf = ({ bodies }: DocumentedRoute): Schema => bodies['application/json'] ?? {}

const membersOf = ({ properties = {} }: Schema): [string, Schema][] => Object.entries(properties)

const typeOfId = ({ operation }: DocumentedRoute): string | undefined =>
  operation.parameters.find(({ name }) => name === 'id')?.schema.type

const routesWith = (place: string, parameter: string): DocumentedRoute[] =>
  routes.filter(({ operation }) =>
    operation.parameters.some((each) => each.in === place && each.name === parameter),
  )

/** Nothing that is sent comes back. */
const plantedText = 'planted by a test'
const planted = /planted by a test|987654321/

const valuesOfOtherTypes = ({ type }: Schema): unknown[] =>
  [
    { type: 'string', value: plantedText },
    { type: 'integer', value: 987_654_321 },
    { type: 'boolean', value: true },
    { type: 'array', value: [plantedText] },
    { type: 'object', value: { a: plantedText } },
    { type: 'null', value: null },
  ]
    .filter((each) => each.type !== type)
    .map(({ value }) => value)

function textsThatBreak({
  type,
  minLength,
  maxLength,
  enum: words,
  const: word,
}: Schema): string[] {
  if (type !== 'string') return []
  return [
    `${plantedText}\0`,
    `${plantedText}\ud800`,
    ...(maxLength === undefined ? [] : [plantedText.padEnd(maxLength + 1, '.')]),
    ...(minLength === undefined ? [] : ['.'.repeat(minLength - 1)]),
    ...((words ?? word) ? [plantedText] : []),
  ]
}

/** At least one: a text may be too long and no address besides. */
function expectFaultAt(pointer: string, answer: Answer, given: unknown): void {
  const faults = expectProblem(answer, 422, 'request.validation_failed')
  const found = faults.filter((fault) => fault.startsWith(`${pointer} `))
  expect([given, found]).toEqual([given, expect.arrayContaining([expect.any(String)])])
  expect(new Set(found).size).toBe(found.length)
}
