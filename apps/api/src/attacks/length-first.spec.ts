import { z } from 'zod'
import { boundedText } from '@ashlar/core/schema'
import { everyOption } from '../testing/every-option.ts'
import { expectProblem } from '../testing/expect-problem.ts'
import { serveApi, type TestApi } from '../testing/serve-api.ts'
import { unboundedPlaces } from '../testing/unbounded-places.ts'

let api: TestApi
beforeAll(async () => {
  api = await serveApi(everyOption())
})
afterAll(() => api.stop())

it('no schema of any route works on a text before its length is checked, or takes an array without a most', () => {
  const routes = api.modules.flatMap(({ routes = [] }) => routes.flatMap(({ list }) => list))
  expect(routes.length).toBeGreaterThan(30)
  const found = routes.flatMap(({ method, path, contract }) => {
    const { params, query, list, headers, body = [] } = contract
    const bodies = body instanceof z.ZodType ? [body] : Object.values(body)
    return [params, query, list?.query, headers, ...bodies]
      .filter((schema) => schema !== undefined)
      .flatMap((schema) => unboundedPlaces(schema))
      .map((place) => `${method} ${path} ${place}`)
  })
  expect(found).toEqual([])
})

describe('a text counts as unbounded', () => {
  const isFine = (text: string) => text !== 'x'

  it.each<[string, z.ZodType]>([
    ['that is refined', z.string().refine(isFine)],
    ['that is refined, then measured', z.string().refine(isFine).max(9, { abort: true })],
    ['that is measured without an abort', z.string().max(9).refine(isFine)],
    ['that is trimmed', z.string().trim().max(9, { abort: true })],
    ['that is transformed', z.string().transform(Number)],
    ['that may be absent', z.string().optional().transform(Number)],
    ['that is transformed before it is piped', z.string().transform(Number).pipe(z.int())],
    ['of a format', z.email().refine(isFine)],
  ])('%s', (_name, schema) => {
    expect(unboundedPlaces(schema)).toEqual(['/'])
    const body = z.strictObject({ inner: z.union([z.array(schema).max(9), z.int()]) })
    expect(unboundedPlaces(body)).toEqual(['/inner/options/element'])
  })

  it('like an array without a most', () => {
    expect(unboundedPlaces(z.array(z.int()).min(1))).toEqual(['/'])
    expect(unboundedPlaces(z.array(z.int()).min(1).max(9))).toEqual([])
  })

  it.each<[string, z.ZodType]>([
    ['of which nothing is made', z.string().max(9)],
    ['with a bound in front', boundedText().trim().refine(isFine).transform(Number)],
    ['with a bound in a wrapper', boundedText().optional().transform(String)],
  ])('unlike a text %s', (_name, schema) => {
    expect(unboundedPlaces(z.strictObject({ schema }))).toEqual([])
  })
})

describe('an e-mail or a password of more than 1,024 characters', () => {
  const places: [string, string, string][] = [
    ['POST', '/api/v1/auth/register', 'email'],
    ['POST', '/api/v1/auth/register', 'password'],
    ['POST', '/api/v1/auth/login', 'email'],
    ['POST', '/api/v1/auth/login', 'password'],
    ['POST', '/api/v1/auth/restore-password', 'email'],
    ['POST', '/api/v1/auth/reset-password', 'password'],
    ['POST', '/api/v1/auth/verify-email/resend', 'email'],
    ['PATCH', '/api/v1/profile', 'email'],
    ['PATCH', '/api/v1/profile', 'password'],
    ['PATCH', '/api/v1/profile', 'currentPassword'],
  ]

  it.each(places)('is refused for its length alone: %s %s, %s', async (method, path, name) => {
    const { headers } = await api.signUp()
    for (const text of ['a'.repeat(1_025), `a${' '.repeat(90_000)}a`, '\u0301'.repeat(48_000)]) {
      const answer = await api.ask(method, path, { headers, body: { [name]: text } })
      const own = expectProblem(answer, 422).filter((fault) => fault.startsWith(`/body/${name} `))
      expect(own).toEqual([`/body/${name} too_big`])
    }
  })
})
