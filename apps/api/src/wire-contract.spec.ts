import { forEach, readRoutes, type DocumentedRoute } from './testing/documented-routes.ts'
import { everyOption } from './testing/every-option.ts'
import { expectProblem } from './testing/expect-problem.ts'
import { read, serveApi, type Caller, type TestApi } from './testing/serve-api.ts'

let api: TestApi
let routes: DocumentedRoute[]
let guarded: DocumentedRoute[]
/** Header fields with which everything may be asked. */
let admin: Record<string, string>

beforeAll(async () => {
  api = await serveApi(everyOption())
  routes = await readRoutes(api)
  guarded = routes.filter((route) => route.guarded)
  admin = { ...(await api.signUp('admin')).headers, 'if-match': '*' }
})
afterAll(() => api.stop())

describe('every route of the API', () => {
  it('is found in the document', () => {
    expect(routes.length).toBeGreaterThan(10)
    const ids = routes.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('answers OPTIONS with 204 and Allow', () =>
    forEach(routes, async ({ path, methods }) => {
      const answer = await api.ask('OPTIONS', path)
      expect([answer.status, answer.text]).toEqual([204, ''])
      expect(answer.headers.allow).toBe(allowed(methods))
    }))

  it('answers another method with 405 and Allow, before it asks who is there', () =>
    forEach(routes, async ({ path, methods }) => {
      const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter(
        (method) => !methods.includes(method),
      )
      for (const method of others) {
        const answer = await api.ask(method, path)
        expect(answer.headers.allow).toBe(allowed(methods))
        expectProblem(answer, 405, 'request.method_not_allowed')
      }
    }))

  it('answers HEAD as GET without a body, and 405 where there is no GET', () =>
    forEach(routes, async ({ path, methods }) => {
      const head = await api.ask('HEAD', path, { headers: admin })
      expect(head.text).toBe('')
      if (!methods.includes('GET')) return expect(head.status).toBe(405)
      const get = await api.ask('GET', path, { headers: admin })
      expect(head.status).toBe(get.status)
      for (const name of ['content-type', 'content-length', 'cache-control', 'etag', 'allow'])
        if (name !== 'content-length' || get.status < 300)
          expect([name, head.headers[name]]).toEqual([name, get.headers[name]])
    }))

  it('answers 401 with a challenge to nobody and to a bad token, where it is guarded, whatever they send', () =>
    forEach(guarded, async (route) => {
      for (const headers of [{}, { authorization: 'Basic YTpi' }]) {
        const nobody = await askBadly(route, headers)
        expect(nobody.headers['www-authenticate']).toBe('Bearer')
        expectProblem(nobody, 401, 'auth.invalid_access_token')
      }
      for (const authorization of ['Bearer x', 'Bearer']) {
        const stranger = await askBadly(route, { authorization })
        expect(stranger.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
        expectProblem(stranger, 401, 'auth.invalid_access_token')
      }
    }))

  it('answers 401 to who was deleted and 403 to who is inactive, where it is guarded, whatever they send', async () => {
    const [gone, inactive] = [await api.signUp(), await api.signUp()]
    const { user } = api.core.database.client
    await user.delete({ where: { id: gone.id } })
    await user.update({ where: { id: inactive.id }, data: { status: 'inactive' } })
    await forEach(guarded, async (route) => {
      expectProblem(await askBadly(route, gone.headers), 401, 'auth.invalid_access_token')
      expectProblem(await askBadly(route, inactive.headers), 403, 'auth.inactive_user')
    })
  })

  it('answers 403 to who is no admin, where only admins may, whatever they send', async () => {
    const { headers } = await api.signUp()
    const closed = guarded
      .filter(({ problems }) => problems.includes('request.forbidden'))
      // Who may change a project depends on the project.
      .filter(({ template }) => !template.startsWith('/api/v1/projects'))
    await forEach(closed, async (route) => {
      expectProblem(await askBadly(route, headers), 403, 'request.forbidden')
    })
  })

  it('that is a list tells its place among the pages, and links to the others, by number and by cursor', () =>
    forEach(
      routes.filter(({ operation }) => operation.parameters.some(({ name }) => name === 'cursor')),
      async ({ path }) => {
        const list = async (query: string) => {
          const answer = await api.ask('GET', `${path}?${query}`, { headers: admin })
          const { meta } = read<{ meta: { pagination: object } }>(answer)
          const links = String(answer.headers.link).matchAll(/<([^>]+)>; rel="(\w+)"/g)
          return {
            pagination: meta.pagination,
            links: Object.fromEntries([...links].map(([, address, rel]) => [rel, address])),
          }
        }
        const page = await list('page=1&per_page=1')
        expect(page.pagination).toEqual({ total: expect.any(Number), page: 1, per_page: 1 })
        expect(page.links).toMatchObject({
          first: `${path}?page=1&per_page=1`,
          last: expect.stringMatching(/\?page=\d+&per_page=1$/),
        })
        const uncounted = await list('total=false')
        expect(Object.keys(uncounted.pagination).toSorted()).toEqual(['page', 'per_page'])
        expect(uncounted.links).not.toHaveProperty('last')
        const cursor = await list('cursor=')
        expect(Object.keys(cursor.pagination).toSorted()).toEqual(['next_cursor', 'per_page'])
        expect(cursor.links).toHaveProperty('first')
        expect(cursor.links).not.toHaveProperty('last')
      },
    ))

  it('opens to API keys of one scope, if to any, and names it to others', async () => {
    const owner = await api.signUp()
    const open = guarded.filter(({ problems }) => problems.includes('auth.insufficient_scope'))
    const scopes = ['profile:read', 'users:read', 'projects:read', 'projects:write']
    const keys = new Map<string, { authorization: string }>()
    for (const scope of scopes) keys.set(scope, await makeKey(owner, scope))
    await forEach(open, async (route) => {
      const answers = await Promise.all([...keys.values()].map((key) => askBadly(route, key)))
      const refused = answers.filter(({ status }) => status === 403)
      expect(refused).toHaveLength(scopes.length - 1)
      const needed = scopes[answers.findIndex(({ status }) => status !== 403)]
      for (const answer of refused) {
        expectProblem(answer, 403, 'auth.insufficient_scope')
        expect(answer.headers['www-authenticate']).toBe(
          `Bearer error="insufficient_scope", scope="${needed}"`,
        )
      }
    })
    await forEach(
      guarded.filter((route) => !open.includes(route)),
      async (route) => {
        for (const key of keys.values())
          expectProblem(await askBadly(route, key), 401, 'auth.invalid_access_token')
      },
    )
  })

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

async function makeKey(owner: Caller, scope: string): Promise<{ authorization: string }> {
  const body = { name: scope, scopes: [scope], currentPassword: owner.password }
  const answer = await api.ask('POST', '/api/v1/auth/api-keys', { ...owner, body })
  return { authorization: `Bearer ${read<{ data: { key: string } }>(answer).data.key}` }
}

/** With an address and a body that would be refused as well, if anybody looked at them. */
const askBadly = ({ method, path }: DocumentedRoute, headers: object) =>
  api.ask(method, `${path}?unknown=1`, {
    headers: { ...headers, 'content-type': 'text/plain' },
    body: '{',
  })

const allowed = (methods: string[]): string =>
  [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort().join(', ')
