import { z } from 'zod'
import { createRoutes } from './index.ts'
import { serve, stoneRoutes, stoneTaken } from './testing/serve.ts'

interface Operation {
  operationId: string
  security: object[]
  parameters?: { name: string; in: string; required?: boolean }[]
  requestBody?: { required: boolean; content: Record<string, { schema: object }> }
  responses: Record<
    string,
    { description: string; headers?: object; content?: Record<string, { schema: object }> }
  >
}

interface Document {
  openapi: string
  servers: { url: string }[]
  tags: object[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> }
  'x-problems': { code: string; type: string; status: number }[]
}

type Server = Awaited<ReturnType<typeof serve>>

describe('the API document', () => {
  let server: Server
  let document: Document
  beforeAll(async () => {
    server = await serve()
    document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Document
  })
  afterAll(() => server.stop())

  it('is OpenAPI 3.1 and describes the server that it came from', () => {
    expect(document.openapi).toMatch(/^3\.1\./)
    expect(document.servers).toEqual([{ url: '/' }])
  })

  it('has every declared route, by a name of its own', () => {
    const declared = stoneRoutes().list.map(
      ({ method, path }) => `${method} ${path.replace(':id', '{id}')}`,
    )
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        name: `${method} ${path}`,
        ...operation,
      })),
    )
    expect(operations.map(({ name }) => name).sort()).toEqual(declared.sort())
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    expect(document.paths['/api/v1/stones/{id}']?.['patch']?.operationId).toBe('patchStonesById')
  })

  it('tells what goes in, what comes out, and who may', () => {
    const patch = document.paths['/api/v1/stones/{id}']?.['patch']
    expect(patch?.parameters?.map((parameter) => `${parameter.in} ${parameter.name}`)).toEqual([
      'path id',
      'header if-match',
    ])
    expect(patch?.security).toEqual([{ bearer: [] }, { password: [] }])
    const create = document.paths['/api/v1/stones']?.['post']
    expect(create?.security).toEqual([])
    expect(create?.requestBody?.content['application/json']?.schema).toEqual({
      $ref: '#/components/schemas/NewStone',
    })
    expect(create?.responses['201']?.content?.['application/json']?.schema).toMatchObject({
      properties: { data: { $ref: '#/components/schemas/Stone' } },
    })
    const login = document.paths['/api/v1/stones/login']?.['post']
    expect(Object.keys(login?.requestBody?.content ?? {})).toEqual([
      'application/json',
      'application/x-www-form-urlencoded',
    ])
    expect(
      document.paths['/api/v1/stones/{id}']?.['delete']?.responses['204']?.content,
    ).toBeUndefined()
    expect(document.components.securitySchemes).toMatchObject({
      bearer: { scheme: 'bearer', bearerFormat: 'JWT' },
      password: { flows: { password: { tokenUrl: '/api/v1/stones/login' } } },
    })
  })

  it('has the problems of every route as problem details', () => {
    const statuses = (path: string, method: string) =>
      Object.keys(document.paths[path]?.[method]?.responses ?? {})
    expect(statuses('/api/v1/stones', 'post')).toEqual([
      '201',
      '400',
      '408',
      '409',
      '413',
      '414',
      '415',
      '422',
      '429',
      '431',
      '500',
      '503',
    ])
    expect(statuses('/api/v1/stones/{id}', 'patch')).toEqual(
      expect.arrayContaining(['401', '403', '404']),
    )
    const taken = document.paths['/api/v1/stones']?.['post']?.responses['409']
    expect(taken?.description).toContain('stones.taken')
    expect(taken?.content?.['application/problem+json']?.schema).toEqual({
      $ref: '#/components/schemas/Problem',
    })
  })

  it('refers to nothing that it does not hold', () => {
    const text = JSON.stringify(document)
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
      expect(Object.keys(document.components.schemas)).toContain(name)
  })

  it('lists the whole catalogue, each entry with a page that a person can read', async () => {
    const codes = document['x-problems'].map(({ code }) => code)
    expect(codes).toEqual([...codes].sort())
    expect(codes).toEqual(
      expect.arrayContaining(['stones.taken', 'request.validation_failed', 'database.timeout']),
    )
    for (const { code } of document['x-problems']) {
      const page = await fetch(`${server.url}/problems/${code}`, {
        headers: { accept: 'text/html' },
      })
      expect(page.status).toBe(200)
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(await page.text()).toContain(code)
    }
  })

  it('gives a problem as JSON to programs, and 404 for an unknown code', async () => {
    const known = await fetch(`${server.url}/problems/stones.taken`, {
      headers: { accept: 'application/json' },
    })
    expect(await known.json()).toEqual({
      data: {
        code: 'stones.taken',
        type: 'https://api.test/problems/stones.taken',
        title: 'Stone taken',
        status: 409,
        detail: 'Another wall uses this stone.',
        help: 'Take another.',
      },
    })
    expect((await fetch(`${server.url}/problems/stones.unheard-of`)).status).toBe(404)
    expect((await fetch(`${server.url}/problems/__proto__`)).status).toBe(404)
    expect(
      (await fetch(`${server.url}/problems`, { headers: { accept: 'text/html' } })).status,
    ).toBe(200)
  })

  it('is shown by a page whose every part is served here', async () => {
    const page = await fetch(`${server.url}/docs`)
    const html = await page.text()
    expect(html).not.toMatch(/https?:|<script>|<style/)
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe')
    const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path)
    expect(parts).toHaveLength(4)
    for (const path of parts) expect((await fetch(server.url + path)).status).toBe(200)
    expect(
      (await fetch(`${server.url}/docs/`, { redirect: 'manual' })).headers.get('location'),
    ).toBe('/docs')
    expect((await fetch(`${server.url}/docs/package.json`)).status).toBe(404)
    expect((await fetch(`${server.url}/docs/swagger-ui.css`, { method: 'POST' })).status).toBe(405)
  })
})

describe('what a route declares besides its schemas', () => {
  let document: Document
  beforeAll(async () => {
    const routes = createRoutes({ prefix: '/walls', tag: 'Walls', description: 'Of stones.' })
    const Wall = z.object({ builtAt: z.date() })
    const wall = () => ({ builtAt: new Date() })
    const etag = ({ builtAt }: { builtAt: Date }) => builtAt
    const body = z.strictObject({ name: z.string().optional() })
    routes.get('/', { summary: 'Read', response: Wall, etag }, wall)
    routes.patch('/', { summary: 'Change', body, response: Wall, etag, ifMatch: 'required' }, wall)
    routes.put('/', { summary: 'Set', body, response: Wall, ifMatch: 'optional' }, wall)
    routes.post('/', { summary: 'Build', body, response: Wall, idempotent: true }, wall)
    const pool = {} as never
    const server = await serve({ routes: [routes], database: { pool } })
    document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Document
    await server.stop()
  })

  const operation = (method: string) => document.paths['/api/v1/walls']![method]!
  const headersOf = (method: string, status: string) =>
    Object.keys(operation(method).responses[status]?.headers ?? {})

  it('stands in the document: versions and preconditions', () => {
    expect(operation('get').parameters).toMatchObject([{ in: 'header', name: 'if-none-match' }])
    expect(operation('get').responses).toHaveProperty('304')
    expect(headersOf('get', '200')).toEqual([
      'X-Request-Id',
      'RateLimit',
      'RateLimit-Policy',
      'ETag',
    ])
    expect(operation('patch').parameters).toMatchObject([{ name: 'if-match', required: true }])
    expect(Object.keys(operation('patch').responses)).toEqual(
      expect.arrayContaining(['412', '428']),
    )
    expect(operation('put').parameters?.[0]).not.toMatchObject({ required: true })
    expect(operation('put').responses).not.toHaveProperty('428')
    for (const method of ['get', 'patch', 'put', 'post'])
      expect(JSON.stringify(operation(method).parameters)).not.toContain('"example')
  })

  it('stands in the document: repeats', () => {
    expect(operation('post').parameters).toMatchObject([{ name: 'idempotency-key' }])
    expect(headersOf('post', '200')).toContain('Idempotency-Replayed')
    expect(headersOf('post', '409')).toContain('Retry-After')
    expect(headersOf('post', '503')).toContain('Retry-After')
  })

  it('stands in the document: what a date looks like, what may be left out, what a group is about', () => {
    const { schema } = operation('get').responses['200']!.content!['application/json']!
    expect(schema).toMatchObject({
      properties: { data: { properties: { builtAt: { type: 'string', format: 'date-time' } } } },
    })
    expect(operation('post').requestBody?.required).toBe(false)
    expect(document.tags).toEqual([{ name: 'Walls', description: 'Of stones.' }])
  })
})

describe('declarations that contradict each other', () => {
  it('stop the start: two handlers of one method and path', async () => {
    await expect(serve({ routes: [stoneRoutes(), stoneRoutes()] })).rejects.toThrow(
      'declared twice',
    )
  })

  it('stop the start: two errors of one code', async () => {
    const other = Object.assign(() => stoneTaken(), { ...stoneTaken, title: 'Other' })
    await expect(serve({ errors: [stoneTaken, other] })).rejects.toThrow('stones.taken')
  })

  it('are not: the same error from two modules, and another version of the API', async () => {
    const next = createRoutes({ prefix: '/stones', tag: 'Stones', base: '/api/v2' })
    next.get('/', { summary: 'List' }, () => undefined)
    const server = await serve({ routes: [stoneRoutes(), next], errors: [stoneTaken, stoneTaken] })
    expect((await fetch(`${server.url}/api/v2/stones`)).status).toBe(204)
    await server.stop()
  })
})
