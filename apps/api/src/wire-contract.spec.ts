import type { AddressInfo, Server } from 'node:net'
import { authEnvironment, buildRegistration } from '@ashlar/auth/testing'
import { createHealth } from '@ashlar/core/http'
import { createTestCore, type TestCore } from '@ashlar/core/testing'
import { composeModules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'
import { createApp } from './app.ts'

interface Operation {
  operationId: string
  security: object[]
  requestBody?: { content: Record<string, unknown> }
  responses: Record<string, { headers?: object }>
}

/** One operation of the API document, with a path that can be asked. */
interface Route {
  name: string
  method: string
  path: string
  operation: Operation
  methods: string[]
}

let test: TestCore
let server: Server
let url: string
let routes: Route[]
/** Header fields with which everything may be asked. */
let admin: Record<string, string>

beforeAll(async () => {
  test = await createTestCore({ environment: { RATE_LIMIT_ENABLED: 'false' } })
  const { core } = test
  const config = loadConfig({
    DATABASE_URL: core.config.databaseUrl,
    REDIS_URL: core.config.redisUrl,
    SMTP_URL: 'smtp://127.0.0.1:9',
    ...authEnvironment(),
  })
  const { problemBaseUrl } = core.config
  const health = createHealth({ checks: [], problemBaseUrl })
  const modules = composeModules(core, config).all
  await new Promise<void>((resolve) => {
    server = createApp({ core, modules, health }).listen(0, () => resolve())
  })
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  routes = await readRoutes()
  admin = await logInAsAdmin()
})
afterAll(async () => {
  server.close()
  await test.stop()
})

describe('every route of the API', () => {
  it('is found in the document', () => {
    expect(routes.length).toBeGreaterThan(10)
    const ids = routes.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('answers OPTIONS with 204 and Allow', () =>
    forEach(routes, async ({ path, methods }) => {
      const answer = await ask('OPTIONS', path)
      expect([answer.status, await answer.text()]).toEqual([204, ''])
      expect(answer.headers.get('allow')).toBe(allowed(methods))
    }))

  it('answers another method with 405 and Allow, before it asks who is there', () =>
    forEach(routes, async ({ path, methods }) => {
      const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter(
        (method) => !methods.includes(method),
      )
      for (const method of others) {
        const answer = await ask(method, path)
        expect(answer.headers.get('allow')).toBe(allowed(methods))
        await expectProblem(answer, 405, 'request.method_not_allowed')
      }
    }))

  it('answers HEAD as GET without a body, and 405 where there is no GET', () =>
    forEach(routes, async ({ path, methods }) => {
      const head = await ask('HEAD', path, admin)
      expect(await head.text()).toBe('')
      if (!methods.includes('GET')) return expect(head.status).toBe(405)
      const get = await ask('GET', path, admin)
      expect(head.status).toBe(get.status)
      for (const name of ['content-type', 'content-length', 'cache-control', 'etag', 'allow'])
        if (name !== 'content-length' || get.ok)
          expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)])
    }))

  it('answers 401 with a challenge to nobody and to a bad token, where it is guarded, whatever they send', () =>
    forEach(routes.filter(isGuarded), async ({ method, path }) => {
      const nobody = await ask(method, `${path}?unknown=1`)
      expect(nobody.headers.get('www-authenticate')).toBe('Bearer')
      await expectProblem(nobody, 401)
      for (const authorization of ['Bearer x', 'Bearer']) {
        const stranger = await ask(method, path, { authorization })
        expect(stranger.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
        await expectProblem(stranger, 401)
      }
    }))

  it('answers 422 to an unknown parameter and 400 to one given twice or in no UTF-8', () =>
    forEach(routes, async ({ method, path, operation }) => {
      const body = operation.requestBody && '{}'
      const send = (query: string) => ask(method, `${path}?${query}`, { ...admin, ...json }, body)
      const answer = await send('unknown=1')
      expect(await expectProblem(answer, 422)).toContain('/query/unknown unknown')
      await expectProblem(await send('a=1&a=2'), 400, 'request.duplicate_parameter')
      await expectProblem(await send('a=%ff'), 400, 'request.malformed_text')
    }))

  it('answers 415 to a body that it does not take', () =>
    forEach(routes, async ({ method, path, operation }) => {
      const type = operation.requestBody ? 'text/plain' : 'application/json'
      if (method === 'GET') return
      const answer = await ask(method, path, { ...admin, 'content-type': type }, '{}')
      await expectProblem(answer, 415, 'request.unsupported_media_type')
    }))

  it('answers 400 to malformed JSON, 422 to what is no object or says too much, where it takes a body', () =>
    forEach(routes, async ({ method, path, operation }) => {
      if (!operation.requestBody) return
      const send = (body: string) => ask(method, path, { ...admin, ...json }, body)
      await expectProblem(await send('{"a":'), 400, 'request.malformed_json')
      await expectProblem(await send('{"a":1,"a":2}'), 400, 'request.duplicate_key')
      expect(await expectProblem(await send('[]'), 422)).toContain('/body invalid_type')
      expect(await expectProblem(await send('null'), 422)).toContain('/body invalid_type')
      expect(await expectProblem(await send('{"unheardOf":1}'), 422)).toContain(
        '/body/unheardOf unknown',
      )
    }))

  it('documents each status that it answered here', () => {
    for (const { name, operation } of routes) {
      const expected = [
        ...(operation.security.length > 0 ? ['401'] : []),
        ...(operation.requestBody ? ['413', '408'] : []),
        ...['400', '415', '422', '500', '503'],
      ]
      expect([name, Object.keys(operation.responses)]).toEqual([
        name,
        expect.arrayContaining(expected),
      ])
    }
  })
})

const json = { 'content-type': 'application/json' }

const isGuarded = ({ operation }: Route): boolean => operation.security.length > 0

async function logInAsAdmin(): Promise<Record<string, string>> {
  const account = buildRegistration()
  const { email, password } = account
  const post = (path: string, body: object) =>
    ask('POST', `/api/v1/auth/${path}`, json, JSON.stringify(body))
  expect((await post('register', account)).status).toBe(201)
  await test.core.database.client.user.update({ where: { id: 1 }, data: { role: 'admin' } })
  const login = await post('login', { email, password })
  const { access_token } = (await login.json()) as { access_token: string }
  return { authorization: `Bearer ${access_token}`, 'if-match': '*' }
}

async function readRoutes(): Promise<Route[]> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Operation>>
  }
  return Object.entries(document.paths).flatMap(([template, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      name: `${method} ${template}`,
      method: method.toUpperCase(),
      path: template.replace(/\{\w+\}/g, '1'),
      operation,
      methods: Object.keys(operations).map((name) => name.toUpperCase()),
    })),
  )
}

const allowed = (methods: string[]): string =>
  [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort().join(', ')

/** Names the route at which a check fails. */
async function forEach(some: Route[], check: (route: Route) => Promise<unknown>): Promise<void> {
  expect(some.length).toBeGreaterThan(0)
  for (const route of some)
    await check(route).catch((error: unknown) => {
      throw new Error(`${route.name}: ${(error as Error).message}`, { cause: error })
    })
}

const ask = (
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Response> =>
  fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) })

/** What every failure is: problem details with the headers of every answer. Returns its faults. */
async function expectProblem(answer: Response, status: number, code?: string): Promise<string[]> {
  const problem = (await answer.json()) as {
    code: string
    errors?: { pointer: string; code: string }[]
  }
  expect([answer.status, answer.headers.get('content-type'), problem.code]).toEqual([
    status,
    'application/problem+json',
    code ?? problem.code,
  ])
  expect(problem).toMatchObject({
    status,
    instance: new URL(answer.url).pathname,
    requestId: answer.headers.get('x-request-id'),
  })
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(Boolean(problem.errors)).toBe(status === 422)
  return (problem.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`)
}
