import { serve } from './testing/serve.ts'

type Server = Awaited<ReturnType<typeof serve>>

const listed = 'https://app.example.com'

describe('every answer', () => {
  let server: Server
  beforeAll(async () => {
    server = await serve({ corsOrigins: [listed] })
  })
  afterAll(() => server.stop())

  it.each([
    '/api/v1/stones/1',
    '/nowhere',
    '/health/live',
    '/docs',
    '/problems',
    '/openapi.json',
    '/problems/stones.taken',
  ])('carries helmet’s headers, names no other host and not Express: %s', async (path) => {
    const { headers } = await fetch(server.url + path, { headers: { accept: 'text/html' } })
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/https?:|unsafe|\*/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-powered-by')).toBeNull()
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it.each([
    ['abc.DEF_1-2', true],
    ['a'.repeat(128), true],
    ['a'.repeat(129), false],
    ['a b', false],
    ['<script>', false],
  ])('keeps the client’s request id %s: %s', async (given, kept) => {
    const response = await fetch(`${server.url}/nowhere`, { headers: { 'x-request-id': given } })
    const requestId = response.headers.get('x-request-id')
    expect(requestId === given).toBe(kept)
    expect(await response.json()).toMatchObject({ requestId })
  })

  it('lets a listed origin read it and ask before it sends', async () => {
    const answer = await fetch(`${server.url}/nowhere`, { headers: { origin: listed } })
    expect(answer.headers.get('access-control-allow-origin')).toBe(listed)
    expect(answer.headers.get('access-control-expose-headers')).toContain('X-Request-Id')
    expect(answer.headers.get('vary')).toContain('Origin')
    const preflight = await fetch(`${server.url}/api/v1/stones/1`, {
      method: 'OPTIONS',
      headers: {
        origin: listed,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe(listed)
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PATCH')
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization')
    expect(preflight.headers.get('allow')).toContain('PATCH')
  })

  it.each(['https://evil.example.com', 'null', `${listed}.evil.com`, 'http://app.example.com'])(
    'gives the origin %s no CORS header',
    async (origin) => {
      for (const method of ['GET', 'OPTIONS']) {
        const { headers } = await fetch(`${server.url}/health/live`, {
          method,
          headers: { origin, 'access-control-request-method': 'GET' },
        })
        expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
        expect(headers.get('vary')).toBe('Origin')
      }
    },
  )

  it('is logged in one line, with its route and without its query', async () => {
    await fetch(`${server.url}/api/v1/stones/1?token=s3cret`, {
      headers: { 'x-request-id': 'logged-1' },
    })
    const [line, ...others] = server.lines.filter(({ requestId }) => requestId === 'logged-1')
    expect(others).toEqual([])
    expect(line).toMatchObject({
      level: 'info',
      msg: 'request answered',
      method: 'GET',
      route: '/api/v1/stones/:id',
      path: '/api/v1/stones/1',
      status: 422,
      problem: 'request.validation_failed',
    })
    expect(JSON.stringify(server.lines)).not.toContain('s3cret')
  })

  it('is not logged when it is a health check', async () => {
    const before = server.lines.length
    await fetch(`${server.url}/health/live`)
    expect(server.lines).toHaveLength(before)
  })

  it('is counted and timed by route template', async () => {
    await fetch(`${server.url}/api/v1/stones/7`)
    await fetch(`${server.url}/made/up/${Math.random()}`)
    const text = await server.metrics.registry.metrics()
    expect(text).toMatch(
      /http_request_duration_seconds_count\{.*route="\/api\/v1\/stones\/:id",status="200".*\} \d/,
    )
    expect(text).toContain('route="unmatched"')
    expect(text).not.toContain('made/up')
    expect(text).toMatch(/http_requests_in_flight\{.*\} 0/)
  })
})

describe('behind a proxy', () => {
  it('puts no name that a client sends into a link', async () => {
    const server = await serve({ trustProxy: 1 })
    const response = await fetch(`${server.url}/api/v1/stones`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-host': 'evil.test',
        'x-forwarded-proto': 'https',
      },
      body: JSON.stringify({ name: 'granite' }),
    })
    expect(JSON.stringify([...response.headers, await response.text()])).not.toContain('evil')
    await server.stop()
  })
})
