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

/** Just above the rules, just below the bound that comes before them, and as long as a body may be. */
const lengths = [32, 1_000, 30_000]

let api: TestApi
let routes: DocumentedRoute[]
/** Asks the same for each request, so that each text meets another shape at each place. */
let turn = 0
let headers: Record<string, string>

beforeAll(async () => {
  api = await serveApi({ ...everyOption(), AUTH_PASSWORD_MEMORY: '128', AUTH_PASSWORD_PASSES: '1' })
  routes = await readRoutes(api)
  headers = { ...(await api.signUp('admin')).headers, 'if-match': '*' }
})
afterAll(() => api.stop())

const textsFor = (longest: number): string[] =>
  lengths.flatMap((length) => hostileTexts(Math.min(length, longest), (turn += 1)))

const namesOf = (schema: Schema | undefined): string[] => Object.keys(schema?.properties ?? {})

/** Sends it, and limits the CPU time and the size of the answer. */
async function ask(method: string, path: string, sent: Parameters<TestApi['ask']>[2]) {
  const before = process.cpuUsage()
  const answer = await api.ask(method, path, { ...sent, headers: { ...headers, ...sent?.headers } })
  const { user, system } = process.cpuUsage(before)
  const shown = `${method} ${path.slice(0, 200)} ${JSON.stringify(sent).slice(0, 200)}`
  if ((user + system) / 1_000 > mostCpuMs) throw new Error(`${user + system} µs of CPU: ${shown}`)
  if (answer.status >= 500) throw new Error(`${answer.status}: ${shown}`)
  if (answer.status >= 400 && Buffer.byteLength(answer.text) > mostBytes)
    throw new Error(`${answer.text.length} characters answered: ${shown}`)
  return answer
}

describe('no text makes a request slow or its answer large, however it is built', () => {
  it('in any member of a JSON body', () =>
    forEach(
      routes.filter(({ bodies }) => 'application/json' in bodies),
      async ({ method, path, bodies }) => {
        for (const name of namesOf(bodies['application/json']))
          for (const text of textsFor(Infinity)) await ask(method, path, { body: { [name]: text } })
      },
    ))

  it('in any field of a form, its names too', () =>
    forEach(
      routes.filter(({ bodies }) => formType in bodies),
      async ({ method, path, bodies }) => {
        const send = (body: string) =>
          ask(method, path, { headers: { 'content-type': formType }, body })
        for (const name of [...namesOf(bodies[formType]), '']) {
          for (const text of textsFor(30_000)) {
            await send(`${name}=${encodeURIComponent(text.toWellFormed())}`)
            await send(text.toWellFormed())
          }
        }
        await send(Array.from({ length: 12_000 }, (_, index) => `n${index}=`).join('&'))
      },
    ))

  it('in any parameter of a query, its names too', () =>
    forEach(routes, async ({ method, path, operation }) => {
      for (const name of operation.parameters.filter((each) => each.in === 'query').map(nameOf))
        for (const text of textsFor(7_000)) {
          await ask(method, `${path}?${name}=${fitting(text)}`, {})
          await ask(method, `${path}?${fitting(text)}=1`, {})
        }
    }))

  it('in any part of a path', () =>
    forEach(
      routes.filter(({ template }) => template.includes('{')),
      async ({ method, template, operation }) => {
        const body = operation.requestBody && '{}'
        for (const text of textsFor(7_000))
          await ask(method, template.replace(/\{\w+\}/g, fitting(text)), { body })
      },
    ))

  it('in any header field that a route or the platform reads', async () => {
    const common = [
      'accept',
      'accept-encoding',
      'authorization',
      'baggage',
      'content-encoding',
      'content-type',
      'cookie',
      'forwarded',
      'if-match',
      'if-none-match',
      'origin',
      'range',
      'traceparent',
      'tracestate',
      'user-agent',
      'x-forwarded-for',
      'x-request-id',
    ]
    const [post] = routes.filter(({ template }) => template === '/api/v1/projects')
    expect(post).toBeDefined()
    for (const name of common)
      for (const text of textsFor(14_000).map(sendable)) {
        await ask('GET', '/api/v1/profile', { headers: { [name]: text } })
        await ask('POST', '/api/v1/auth/logout', { headers: { [name]: text }, body: '{}' })
      }
    await forEach(
      routes.filter(({ operation }) => operation.parameters.some((each) => each.in === 'header')),
      async ({ method, path, operation }) => {
        const body = operation.requestBody && '{}'
        for (const name of operation.parameters.filter((each) => each.in === 'header').map(nameOf))
          for (const text of textsFor(14_000).map(sendable))
            await ask(method, path, { headers: { [name]: text }, body })
      },
    )
  })

  it('in any body as a whole', () =>
    forEach(
      routes.filter(({ bodies }) => 'application/json' in bodies),
      async ({ method, path, bodies }) => {
        for (const body of hostileBodies(namesOf(bodies['application/json'])[0] ?? 'a')) {
          const answer = await ask(method, path, { body })
          expect([400, 422]).toContain(answer.status)
        }
      },
    ))
})

const nameOf = ({ name }: { name: string }): string => name

/** Percent-encoded, as much of it as an address has room for. */
const fitting = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .slice(0, 7_000)
    .replace(/%[\dA-F]?$/, '')

/** Without what an HTTP client refuses to send. */
const sendable = (text: string): string => text.replace(/[^\t\x20-\x7e]/g, '').slice(0, 14_000)
