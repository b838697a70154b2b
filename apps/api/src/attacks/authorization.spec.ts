import { buildRegistration } from '@ashlar/auth/testing'
import { readRoutes } from '../testing/documented-routes.ts'
import {
  faultsOf,
  read,
  serveApi,
  type Answer,
  type Caller,
  type TestApi,
} from '../testing/serve-api.ts'

let api: TestApi
let owner: Caller
let other: Caller
let admin: Caller

beforeAll(async () => {
  api = await serveApi()
  ;[owner, other, admin] = await Promise.all([api.signUp(), api.signUp(), api.signUp('admin')])
})
afterAll(() => api.stop())

async function startProject(caller: Caller, name = `Wall ${Math.random()}`): Promise<number> {
  const answer = await api.ask('POST', '/api/v1/projects', { ...caller, body: { name } })
  return read<{ data: { id: number } }>(answer).data.id
}

async function sessionOf(caller: Caller): Promise<string> {
  const answer = await api.ask('GET', '/api/v1/auth/sessions', caller)
  return read<{ data: { id: string }[] }>(answer).data[0]?.id ?? ''
}

const client = () => api.core.database.client

describe('what belongs to somebody else', () => {
  it('is answered as what was never there', async () => {
    const project = await startProject(owner)
    const session = await sessionOf(owner)
    const ways = [
      ['GET', '/api/v1/projects/:id', undefined, project, 999_999],
      ['PATCH', '/api/v1/projects/:id', { name: 'Mine' }, project, 999_999],
      ['DELETE', '/api/v1/projects/:id', undefined, project, 999_999],
      ['POST', '/api/v1/projects/:id/restore', undefined, project, 999_999],
      ['DELETE', '/api/v1/auth/sessions/:id', undefined, session, session.replace(/^..../, '0190')],
    ] as const
    for (const [method, path, body, theirs, nobodys] of ways) {
      const askFor = (id: number | string) =>
        api.ask(method, path.replace(':id', String(id)), { ...other, body })
      const [answer, unknown] = [await askFor(theirs), await askFor(nobodys)]
      expect([method, path, answer.status]).toEqual([method, path, 404])
      expect(problemIn(answer)).toEqual(problemIn(unknown))
    }
    expect((await api.ask('GET', `/api/v1/projects/${project}`, owner)).status).toBe(200)
    expect(await sessionOf(owner)).toBe(session)
  })

  it('is neither listed nor counted', async () => {
    const project = await startProject(owner, 'Counted')
    for (const query of [
      `filters=id:${project}`,
      `filters=ownerId:${owner.id}`,
      'filters=name:Counted',
    ]) {
      const answer = await api.ask('GET', `/api/v1/projects?${query}`, other)
      expect(read(answer)).toMatchObject({ data: [], meta: { pagination: { total: 0 } } })
    }
  })

  it('is not answered again from a copy that its owner may have', async () => {
    const path = `/api/v1/projects/${await startProject(owner)}`
    const { headers, status } = await api.ask('GET', path, owner)
    expect(status).toBe(200)
    expect(headers['cache-control']).toMatch(/private/)
    const gone = await api.signUp()
    await api.ask('POST', '/api/v1/auth/logout', { body: { refresh_token: gone.refreshToken } })
    for (const tag of [headers.etag, '*'])
      for (const [caller, expected] of [
        [undefined, 401],
        [gone, 401],
        [other, 404],
      ] as const) {
        const given = { ...caller?.headers, 'if-none-match': tag }
        expect((await api.ask('GET', path, { headers: given })).status).toBe(expected)
      }
  })
})

describe('members that a caller may not set', () => {
  it.each([
    [
      'user',
      'POST',
      '/api/v1/auth/register',
      buildRegistration(),
      ['username', 'email', 'password'],
    ],
    ['user', 'PATCH', '/api/v1/profile', {}, ['username', 'email', 'password', 'currentPassword']],
    ['user', 'PATCH', '/api/v1/users/:admin', {}, ['status', 'role']],
    ['project', 'POST', '/api/v1/projects', { name: 'Gate' }, ['name', 'description']],
    ['project', 'PATCH', '/api/v1/projects/:project', {}, ['name', 'description', 'status']],
  ] as const)(
    'are refused, every column of %s, by %s %s',
    async (table, method, path, valid, open) => {
      const id = await startProject(admin)
      const row =
        table === 'user' ? await client().user.findFirst() : await client().project.findFirst()
      const closed = Object.keys(row ?? {}).filter(
        (name) => !(open as readonly string[]).includes(name),
      )
      expect(closed).toContain('id')
      const before = await client().user.findMany()
      const address = path.replace(':admin', String(admin.id)).replace(':project', String(id))
      const answer = await api.ask(method, address, {
        ...admin,
        body: { ...Object.fromEntries(closed.map((name) => [name, 1])), ...valid },
      })
      expect(answer.status).toBe(422)
      expect(faultsOf(answer).toSorted()).toEqual(
        closed.map((name) => `/body/${name} unknown`).toSorted(),
      )
      expect(await client().user.findMany()).toEqual(before)
    },
  )

  it('are refused under names that are special to JavaScript', async () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString']) {
      const body = `{"username":"mason-of-walls","${name}":{"role":"admin"}}`
      const answer = await api.ask('PATCH', '/api/v1/profile', { ...owner, body })
      expect([answer.status, faultsOf(answer)]).toEqual([422, [`/body/${name} unknown`]])
    }
    expect(({} as { role?: string }).role).toBeUndefined()
    expect((await client().user.findUnique({ where: { id: owner.id } }))?.role).toBe('user')
  })
})

describe('a list', () => {
  it('is neither sorted nor filtered by what the caller does not see, and hides whether there is such a field', async () => {
    const row = await client().user.findFirst()
    const open = ['id', 'username', 'status', 'createdAt']
    const hidden = Object.keys(row ?? {}).filter((name) => !open.includes(name))
    expect(hidden).toEqual(expect.arrayContaining(['email', 'role', 'passwordHash', 'deletedAt']))
    const list = (query: string) => api.ask('GET', `/api/v1/users?${query}`, other)
    const faults = async (query: string) => [...faultsOf(await list(query))]
    for (const field of [...hidden, 'password_hash', 'sessions.id', 'user.email']) {
      expect(await faults(`sort=${field}`)).toEqual(await faults('sort=nosuch'))
      expect(await faults(`filters=${field}:a`)).toEqual(await faults('filters=nosuch:a'))
    }
    expect(await faults('filters=nosuch:a')).toEqual([expect.stringContaining('/query/filters')])
    expect(await faults('deleted=true')).toEqual(['/query/deleted unknown'])
  })

  it('neither shows nor counts who was deleted, and no other way leads there', async () => {
    const gone = await api.signUp()
    const project = await startProject(gone)
    const total = async () =>
      read<{ meta: { pagination: { total: number } } }>(
        await api.ask('GET', '/api/v1/users', admin),
      ).meta.pagination.total
    const before = await total()
    expect((await api.ask('DELETE', `/api/v1/users/${gone.id}`, admin)).status).toBe(204)
    expect(await total()).toBe(before - 1)
    for (const query of [`id:${gone.id}`, `username:${gone.username}`, `email:${gone.email}`]) {
      const answer = await api.ask('GET', `/api/v1/users?filters=${query}`, admin)
      expect(read(answer)).toMatchObject({ data: [], meta: { pagination: { total: 0 } } })
    }
    for (const [method, body] of [['GET'], ['PATCH', { role: 'admin' }], ['DELETE']] as const)
      expect((await api.ask(method, `/api/v1/users/${gone.id}`, { ...admin, body })).status).toBe(
        404,
      )
    expect((await api.ask('GET', '/api/v1/profile', gone)).status).toBe(401)
    const { email, password } = gone
    const login = await api.ask('POST', '/api/v1/auth/login', { body: { email, password } })
    expect(login.status).toBe(401)
    const seen = await api.ask('GET', `/api/v1/projects/${project}`, admin)
    expect(seen.text).not.toContain(gone.username)
  })
})

describe('a guard', () => {
  it('is passed by no other spelling of its path', async () => {
    const routes = (await readRoutes(api)).filter(({ guarded }) => guarded)
    expect(routes.length).toBeGreaterThan(15)
    for (const { method, path } of routes) {
      for (const spelled of spellingsOf(path)) {
        const answer = await api.ask(method, spelled)
        expect([method, spelled, String(answer.status)]).toEqual([
          method,
          spelled,
          expect.stringMatching(/^40[0145]$/),
        ])
      }
    }
  })

  it('counts a role from the next request on, and an ended session at once', async () => {
    const second = await api.signUp('admin')
    const list = () => api.ask('GET', '/api/v1/users?deleted=true', second)
    expect((await list()).status).toBe(200)
    const demoted = await api.ask('PATCH', `/api/v1/users/${second.id}`, {
      ...admin,
      body: { role: 'user' },
    })
    expect(demoted.status).toBe(200)
    expect((await list()).status).toBe(422)
    await api.ask('PATCH', `/api/v1/users/${second.id}`, { ...admin, body: { status: 'inactive' } })
    expect((await list()).status).toBe(401)
  })
})

/** The same place in the eyes of a careless router. */
const spellingsOf = (path: string): string[] => [
  path.toUpperCase(),
  `${path}/`,
  `/${path}`,
  path.replace('/v1/', '/v1//'),
  path.replace('/v1/', '/v1/./'),
  path.replace('/v1/', '/v1/auth/../'),
  path.replace('/v1/', '/v1/auth/..%2f'),
  path.replace('/v1/', '/v1%2F'),
  path.replace('/v1/', '/v1\\'),
  `${path}%00`,
  `${path};a=b`,
  `${path}.json`,
  path.replace(/[a-z](?=[^/]*$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
]

function problemIn(answer: Answer): object {
  const names = ['type', 'title', 'status', 'code', 'detail', 'errors']
  const members = Object.entries(read<object>(answer))
  return Object.fromEntries(members.filter(([name]) => names.includes(name)))
}
