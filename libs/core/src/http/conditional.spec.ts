import { z } from 'zod'
import { createRoutes } from './index.ts'
import { serve } from './testing/serve.ts'

type Server = Awaited<ReturnType<typeof serve>>

const Wall = z.object({ name: z.string(), version: z.int() })

let wall: { name: string; version: number }

function wallRoutes() {
  const routes = createRoutes({ prefix: '/walls', tag: 'Walls' })
  const version = ({ version }: { version: number }) => version
  routes.get('/versioned', { summary: 'Read', response: Wall, etag: version }, () => wall)
  routes.get('/digested', { summary: 'Read', response: Wall, etag: 'body' }, () => wall)
  routes.get('/plain', { summary: 'Read', response: Wall }, () => wall)
  for (const ifMatch of ['optional', 'required'] as const)
    routes.patch(
      `/${ifMatch}`,
      {
        summary: 'Rename',
        body: z.strictObject({ name: z.string() }),
        response: Wall,
        etag: version,
        ifMatch,
      },
      ({ body, precondition }) => {
        precondition.check(wall.version)
        return (wall = { name: body.name, version: wall.version + 1 })
      },
    )
  routes.delete('/required', { summary: 'Tear down', ifMatch: 'required' }, ({ precondition }) => {
    precondition.check(wall.version)
    wall = { name: 'gone', version: 0 }
  })
  routes.delete('/forgotten', { summary: 'Tear down' }, ({ precondition }) =>
    precondition.check(wall.version),
  )
  return routes
}

let server: Server
beforeAll(async () => {
  server = await serve({ routes: [wallRoutes()] })
})
afterAll(() => server.stop())
beforeEach(() => {
  wall = { name: 'north', version: 7 }
})

describe('a read with an ETag', () => {
  it.each(['versioned', 'digested'])('is 304 to whoever has it: %s', async (path) => {
    const first = await ask(path)
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]+"$/)
    for (const known of [etag, `W/${etag}`, '*', `"x", ${etag}`, `"a,b" , W/"c",${etag}`]) {
      const again = await ask(path, { 'if-none-match': known })
      expect([known, again.status, await again.text()]).toEqual([known, 304, ''])
      expect(again.headers.get('etag')).toBe(etag)
      expect(again.headers.get('content-type')).toBeNull()
      expect(again.headers.get('x-request-id')).not.toBeNull()
      expect(again.headers.get('content-security-policy')).not.toBeNull()
    }
    const head = await ask(path, { 'if-none-match': etag }, 'HEAD')
    expect(head.status).toBe(304)
  })

  it.each(['versioned', 'digested'])('is 200 when it has changed: %s', async (path) => {
    const etag = (await ask(path)).headers.get('etag') ?? ''
    wall = { name: 'south', version: 8 }
    for (const known of [etag, '"other"', 'nonsense', '']) {
      const again = await ask(path, { 'if-none-match': known })
      expect(again.status).toBe(200)
      expect(await again.json()).toEqual({ data: wall })
      expect(again.headers.get('etag')).not.toBe(etag)
    }
  })

  it('names a version as it is', async () => {
    expect((await ask('versioned')).headers.get('etag')).toBe('"7"')
  })

  it('is declared: another has no ETag and no 304', async () => {
    const plain = await ask('plain', { 'if-none-match': '*' })
    expect([plain.status, plain.headers.get('etag')]).toEqual([200, null])
  })
})

describe('a change with If-Match', () => {
  it.each(['optional', 'required'])('happens at the version that it names: %s', async (path) => {
    const changed = await rename(path, { 'if-match': '"7"' })
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).toBe('"8"')
    expect(wall.name).toBe('south')
  })

  it.each(['"6"', '"6", "8"', 'W/"7"', '"77"', '""'])(
    'is 412 at another, and nothing happens: %s',
    async (given) => {
      const refused = await rename('optional', { 'if-match': given })
      expect(refused.status).toBe(412)
      expect(await refused.json()).toMatchObject({ code: 'request.precondition_failed' })
      expect(wall.name).toBe('north')
    },
  )

  it.each(['*', '"6", "7"', '"a,b","7"'])('takes %s', async (given) => {
    expect((await rename('required', { 'if-match': given })).status).toBe(200)
  })

  it('may be left out, or not, as the route says', async () => {
    expect((await rename('optional')).status).toBe(200)
    const refused = await rename('required')
    expect(refused.status).toBe(428)
    expect(await refused.json()).toMatchObject({ code: 'request.precondition_required' })
  })

  it.each(['7', '"7', '"7" "8"', 'w/"7"', ''])('is 422 when malformed: %j', async (given) => {
    const refused = await rename('required', { 'if-match': given })
    expect(refused.status).toBe(422)
    expect(await refused.json()).toMatchObject({ errors: [{ pointer: '/headers/if-match' }] })
  })

  it('works for a deletion', async () => {
    expect((await ask('required', { 'if-match': '"6"' }, 'DELETE')).status).toBe(412)
    expect((await ask('required', { 'if-match': '"7"' }, 'DELETE')).status).toBe(204)
    expect(wall.name).toBe('gone')
  })

  it('is a defect where a handler checks what its route does not declare', async () => {
    expect((await ask('forgotten', { 'if-match': '"6"' }, 'DELETE')).status).toBe(500)
  })
})

const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${server.url}/api/v1/walls/${path}`, { method, headers })

const rename = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/api/v1/walls/${path}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ name: 'south' }),
  })
