import { measureCpu } from '@ashlar/core/testing'
import {
  forEach,
  readRoutes,
  type DocumentedRoute,
  type Schema,
} from '../testing/documented-routes.ts'
import { everyOption } from '../testing/every-option.ts'
import { hostileBodies, hostileTexts } from '../testing/hostile-texts.ts'
import { serveApi, type TestApi } from '../testing/serve-api.ts'

/** For client and server together, of which the largest body needs about 20. */
const mostCpuMs = 500

/** The largest answer to a refused request. */
const mostBytes = 64 * 1_024

const formType = 'application/x-www-form-urlencoded'

/** Together the texts of a body are a little shorter than it may be. */
const bodyLength = 90_000
const addressLength = 7_000
const fieldLength = 14_000

/** Just above the rules, and just below the bound that comes before them. */
const shortLengths = [32, 1_000]

let api: TestApi
let routes: DocumentedRoute[]
let headers: Record<string, string>
/** Grows with each use, so that each text meets another shape at each place. */
let turn = 0

beforeAll(async () => {
  api = await serveApi({
    ...everyOption(),
    TRUST_PROXY: '2',
    AUTH_PASSWORD_MEMORY: '128',
    AUTH_PASSWORD_PASSES: '1',
  })
  routes = await readRoutes(api)
  headers = { ...(await api.signUp('admin')).headers, 'if-match': '*' }
})
afterAll(() => api.stop())

/** Values for all of these names at once, as often as there are hostile texts. */
function* valuesFor(names: readonly string[], lengths: readonly number[]) {
  for (const length of lengths) {
    const texts = hostileTexts(length / names.length, (turn += 1))
    for (const first of texts.keys())
      yield names.map((name, index) => [name, texts[(first + index) % texts.length] ?? ''] as const)
  }
}

type Sent = Parameters<TestApi['ask']>[2]

/** Sends a request, and limits its CPU time and the size of its answer. */
async function ask(method: string, path: string, sent: Sent = {}) {
  const shown = `${method} ${path.slice(0, 200)} ${JSON.stringify(sent).slice(0, 200)}`
  const first = await measure(method, path, sent)
  const { result: answer, cpuMs } =
    first.cpuMs > mostCpuMs ? await measure(method, path, sent) : first
  if (cpuMs > mostCpuMs) throw new Error(`${cpuMs} ms of CPU: ${shown}`)
  if (answer.status >= 500) throw new Error(`${answer.status}: ${shown}`)
  if (answer.status >= 400 && Buffer.byteLength(answer.text) > mostBytes)
    throw new Error(`${answer.text.length} characters answered: ${shown}`)
  return answer
}

/** A text is slow each time; what the garbage collector did meanwhile is not. */
function measure(method: string, path: string, sent: Sent) {
  const whole = { ...sent, headers: { ...headers, ...sent?.headers } }
  return measureCpu(() => api.ask(method, path, whole))
}

describe('no text makes a request slow or its answer large, however it is built', () => {
  it('in the members of a JSON body', async () => {
    const taking = routes.filter(({ bodies }) => 'application/json' in bodies)
    await forEach(taking, async ({ method, path, bodies }) => {
      const names = namesOf(bodies['application/json'])
      for (const values of valuesFor(names, [...shortLengths, bodyLength]))
        await ask(method, path, { body: Object.fromEntries(values) })
    })
  })

  it('in the fields of a form and in their names', async () => {
    const taking = routes.filter(({ bodies }) => formType in bodies)
    await forEach(taking, async ({ method, path, bodies }) => {
      const send = (body: string) =>
        ask(method, path, { headers: { 'content-type': formType }, body })
      const names = namesOf(bodies[formType])
      for (const values of valuesFor(names, [...shortLengths, bodyLength / 3]))
        await send(values.map(([name, text]) => `${name}=${encoded(text)}`).join('&'))
      for (const text of hostileTexts(bodyLength / 6, (turn += 1))) await send(text.toWellFormed())
      await send(Array.from({ length: 12_000 }, (_, index) => `n${index}=`).join('&'))
    })
  })

  it('in the parameters of a query and in their names', async () => {
    await forEach(routes, async ({ method, path, operation }) => {
      const names = namesIn('query', operation)
      if (names.length === 0) return
      const room = addressLength / names.length
      for (const values of valuesFor(names, [addressLength]))
        await ask(
          method,
          `${path}?${values.map(([name, text]) => `${name}=${fitting(text, room)}`).join('&')}`,
        )
    })
    for (const text of hostileTexts(addressLength, (turn += 1)))
      await ask('GET', `/api/v1/users?${fitting(text, addressLength)}=1`)
  })

  it('in a part of a path', async () => {
    const taking = routes.filter(({ template }) => template.includes('{'))
    await forEach(taking, async ({ method, template, operation }) => {
      const body = operation.requestBody && '{}'
      for (const text of hostileTexts(addressLength, (turn += 1)))
        await ask(method, template.replace(/\{\w+\}/g, fitting(text, addressLength)), { body })
    })
  })

  it.each([
    'accept',
    'accept-encoding',
    'authorization',
    'baggage',
    'content-encoding',
    'content-type',
    'cookie',
    'forwarded',
    'idempotency-key',
    'if-match',
    'if-none-match',
    'origin',
    'range',
    'traceparent',
    'tracestate',
    'user-agent',
    'x-forwarded-for',
    'x-request-id',
  ])('in the header field %s', async (name) => {
    for (const text of hostileTexts(fieldLength, (turn += 1)).map(sendable)) {
      await ask('GET', '/api/v1/profile', { headers: { [name]: text } })
      await ask('POST', '/api/v1/auth/logout', { headers: { [name]: text }, body: '{}' })
    }
  })

  it('in a header field that a route declares', async () => {
    const taking = routes.filter(({ operation }) => namesIn('header', operation).length > 0)
    await forEach(taking, async ({ method, path, operation }) => {
      const body = operation.requestBody && '{}'
      for (const name of namesIn('header', operation))
        for (const text of hostileTexts(fieldLength, (turn += 1)).map(sendable))
          await ask(method, path, { headers: { [name]: text }, body })
    })
  })

  it('in a body as a whole', async () => {
    const taking = routes.filter(({ bodies }) => 'application/json' in bodies)
    await forEach(taking, async ({ method, path, bodies }) => {
      for (const body of hostileBodies(namesOf(bodies['application/json'])[0] ?? 'a'))
        expect([400, 422]).toContain((await ask(method, path, { body })).status)
    })
  })
})

const namesOf = (schema: Schema | undefined): string[] => Object.keys(schema?.properties ?? {})

const namesIn = (part: string, { parameters }: DocumentedRoute['operation']): string[] =>
  parameters.filter((each) => each.in === part).map(({ name }) => name)

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed())

/** Percent-encoded, as much of it as there is room for. */
const fitting = (text: string, room: number): string =>
  encoded(text)
    .slice(0, room)
    .replace(/%[\dA-F]?$/, '')

/** Without the characters that an HTTP client refuses to send. */
const sendable = (text: string): string => text.replace(/[^\t\x20-\x7e]/g, '').slice(0, fieldLength)
