import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { sendRaw, serve } from './testing/serve.ts'

type Server = Awaited<ReturnType<typeof serve>>

describe('a declared route', () => {
  let server: Server
  beforeAll(async () => {
    server = await serve()
  })
  afterAll(() => server.stop())

  it('answers 201, the place of the new resource, and nothing but the allow-list', async () => {
    const response = await post('/api/v1/stones', { name: 'granite' })
    expect(response.status).toBe(201)
    expect(response.headers.get('location')).toBe('/api/v1/stones/1')
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({ data: { id: 1, name: 'granite' } })
  })

  it('answers 204 without a body where it has nothing to say', async () => {
    const response = await ask('/api/v1/stones/1', { method: 'DELETE' })
    expect(response.status).toBe(204)
    expect(response.headers.get('content-type')).toBeNull()
    expect(await response.text()).toBe('')
  })

  it('answers bare and uncached where it says so, and takes JSON or a form', async () => {
    const json = await post('/api/v1/stones/login', { email: 'mason@example.com' })
    const form = await postText(
      '/api/v1/stones/login',
      'username=mason%40example.com',
      'application/x-www-form-urlencoded; charset=UTF-8',
    )
    expect(await json.json()).toEqual({ email: 'mason@example.com' })
    expect(await form.json()).toEqual({ email: 'mason@example.com' })
    expect(form.headers.get('cache-control')).toBe('no-store')
  })

  it('answers HEAD like GET without a body', async () => {
    const get = await ask('/api/v1/stones/1')
    const head = await ask('/api/v1/stones/1', { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(await head.text()).toBe('')
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'))
  })

  it('answers OPTIONS with 204 and what is allowed', async () => {
    const response = await ask('/api/v1/stones/1', { method: 'OPTIONS' })
    expect(response.status).toBe(204)
    expect(response.headers.get('allow')).toBe('DELETE, GET, HEAD, OPTIONS, PATCH')
  })

  it('says 405 and what is allowed before it asks who is there', async () => {
    const response = await ask('/api/v1/stones/1', { method: 'PUT', body: 'x' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('DELETE, GET, HEAD, OPTIONS, PATCH')
    expect(await codeOf(response)).toBe('request.method_not_allowed')
    expect((await ask('/api/v1/stones/login', { method: 'HEAD' })).status).toBe(405)
  })

  it('asks who is there (401) before what they may (403), and that before what they send (422)', async () => {
    const patch = (token: string | undefined, body: unknown) =>
      ask('/api/v1/stones/1', {
        method: 'PATCH',
        headers: {
          'content-type': 'application/json',
          ...(token ? { authorization: `Bearer ${token}` } : {}),
        },
        body: JSON.stringify(body),
      })
    const nobody = await patch(undefined, { wrong: true })
    expect(nobody.status).toBe(401)
    expect(nobody.headers.get('www-authenticate')).toBe('Bearer')
    const stranger = await patch('stranger', { wrong: true })
    expect(stranger.status).toBe(401)
    expect(stranger.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
    expect((await patch('apprentice', { wrong: true })).status).toBe(403)
    expect((await patch('mason', { wrong: true })).status).toBe(422)
    const renamed = await patch('mason', { name: 'slate' })
    expect(await renamed.json()).toEqual({ data: { by: 'mason', name: 'slate' } })
    expect(renamed.headers.get('cache-control')).toBe('private, no-cache')
  })

  it('tells a failure as problem details', async () => {
    const response = await post('/api/v1/stones?', { name: 'taken' }, { 'x-request-id': 'my.id-1' })
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('x-request-id')).toBe('my.id-1')
    expect(await response.json()).toEqual({
      type: 'https://api.test/problems/stones.taken',
      title: 'Stone taken',
      status: 409,
      code: 'stones.taken',
      detail: 'Another wall uses this stone.',
      instance: '/api/v1/stones',
      requestId: 'my.id-1',
    })
  })

  it('points at every fault and repeats no value', async () => {
    const response = await ask('/api/v1/stones/abc?page=s3cret&x%2Fy=1', {
      method: 'PATCH',
      headers: {
        authorization: 'Bearer mason',
        'content-type': 'application/json',
        'if-match': 's3cret-etag',
      },
      body: JSON.stringify({
        name: '',
        weight: 's3cret',
        tags: ['ok', 7],
        cut: { by: 's3cret', 'a/b~': 1 },
        role: 's3cret',
      }),
    })
    expect(response.status).toBe(422)
    const text = await response.text()
    expect(text).not.toContain('s3cret')
    const { errors } = JSON.parse(text) as { errors: { pointer: string; code: string }[] }
    expect(errors.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
      '/params/id invalid_format',
      '/query/page unknown',
      '/query/x~1y unknown',
      '/headers/if-match too_big',
      '/body/name too_small',
      '/body/weight invalid_type',
      '/body/tags/1 invalid_type',
      '/body/cut/a~1b~0 unknown',
      '/body/role unknown',
    ])
  })

  it.each([
    ['/api/v1/stones/0', 422],
    ['/api/v1/stones/-1', 422],
    ['/api/v1/stones/+1', 422],
    ['/api/v1/stones/1.0', 422],
    ['/api/v1/stones/01', 422],
    ['/api/v1/stones/1%20', 422],
    ['/api/v1/stones/1%00', 422],
    ['/api/v1/stones/2147483647', 200],
    ['/api/v1/stones/2147483648', 404],
    ['/api/v1/stones/99999999999999999999999', 404],
    ['/api/v1/stones/1/', 404],
    ['/api/v1/Stones/1', 404],
    ['/api/v1//stones/1', 404],
    ['//api/v1/stones/1', 404],
    ['/api/v1/stones%2F1', 404],
    ['/api/v1/stones/1%2F2', 404],
    ['/api/v1/stones/%2e%2e', 404],
    ['/api/v1/stones/..%5c', 404],
    ['/api/v1/stones/%ff', 400],
    ['/api/v1/stones/%zz', 400],
    ['/nowhere', 404],
    ['/metrics', 404],
    ['/nowhere/%c3%28', 400],
  ])('answers %s with %i', async (path, status) => {
    const response = await ask(path)
    expect(response.status).toBe(status)
    if (status >= 400) expect(response.headers.get('content-type')).toBe('application/problem+json')
  })

  it.each([
    ['like=a&like=b', 400, 'request.duplicate_parameter'],
    ['like=a&%6cike=b', 400, 'request.duplicate_parameter'],
    ['like=%ff', 400, 'request.malformed_text'],
    ['like=%', 400, 'request.malformed_text'],
    ['like=%00', 422, 'request.validation_failed'],
    ['unknown=1', 422, 'request.validation_failed'],
    ['like[a]=1', 422, 'request.validation_failed'],
    ['__proto__=1', 422, 'request.validation_failed'],
    ['like=a+b%2B', 200, undefined],
    ['&like=&', 200, undefined],
    ['', 200, undefined],
  ])('answers the query %s with %i', async (query, status, code) => {
    const response = await ask(`/api/v1/stones?${query}`)
    expect(response.status).toBe(status)
    expect(await codeOf(response)).toBe(code)
  })

  const json = 'application/json'
  const form = 'application/x-www-form-urlencoded'
  it.each<
    [name: string, type: string | undefined, body: string | Buffer, status: number, code: string]
  >([
    ['no JSON', json, '{', 400, 'request.malformed_json'],
    ['a comment', json, '{}//', 400, 'request.malformed_json'],
    ['a duplicate key', json, '{"name":"a","n\\u0061me":"b"}', 400, 'request.duplicate_key'],
    [
      '33 levels',
      json,
      `{"name":${'['.repeat(33)}${']'.repeat(33)}}`,
      400,
      'request.nested_too_deep',
    ],
    ['bad UTF-8', json, Buffer.from('{"name":"\xff"}', 'latin1'), 400, 'request.malformed_text'],
    [
      'another charset',
      'application/json; charset=latin1',
      '{}',
      415,
      'request.unsupported_media_type',
    ],
    ['UTF-16', 'application/json; charset=utf-16', '{}', 415, 'request.unsupported_media_type'],
    ['nothing, of another type', 'text/plain', '', 415, 'request.unsupported_media_type'],
    ['another type', 'text/plain', '{}', 415, 'request.unsupported_media_type'],
    ['a form', form, 'name=a', 415, 'request.unsupported_media_type'],
    ['a broken type', 'json', '{}', 415, 'request.unsupported_media_type'],
    ['no type', undefined, '{}', 415, 'request.unsupported_media_type'],
    ['nothing', json, '', 422, 'request.validation_failed'],
    ['nothing at all', undefined, '', 422, 'request.validation_failed'],
    ['an array', json, '[]', 422, 'request.validation_failed'],
    ['null', json, 'null', 422, 'request.validation_failed'],
    ['U+0000', json, '{"name":"a\\u0000"}', 422, 'request.validation_failed'],
    ['a lone surrogate', json, '{"name":"\\ud800"}', 422, 'request.validation_failed'],
    [
      'a lone surrogate as a name',
      json,
      '{"name":"a","\\udc00":1}',
      422,
      'request.validation_failed',
    ],
    [
      '__proto__',
      json,
      '{"name":"a","__proto__":{"admin":true}}',
      422,
      'request.validation_failed',
    ],
    [
      'constructor',
      json,
      '{"name":"a","constructor":{"prototype":{"admin":true}}}',
      422,
      'request.validation_failed',
    ],
    [
      'a deep __proto__',
      json,
      '{"name":"a","cut":{"by":"a","__proto__":1}}',
      422,
      'request.validation_failed',
    ],
    [
      'a number out of range',
      json,
      '{"name":"a","weight":1e999}',
      422,
      'request.validation_failed',
    ],
    [
      'more than 100 KiB',
      json,
      JSON.stringify({ name: 'a'.repeat(102_400) }),
      413,
      'request.body_too_large',
    ],
  ])('refuses a body with %s', async (_name, type, body, status, code) => {
    const response = await postText('/api/v1/stones', body, type)
    expect(response.status).toBe(status)
    expect(await codeOf(response)).toBe(code)
    expect((Object.prototype as { admin?: boolean }).admin).toBeUndefined()
    expect((await post('/api/v1/stones', { name: 'next' })).status).toBe(201)
  })

  it.each([
    ['a=1&a=2', 400],
    ['username=%ff', 400],
    ['username=%00', 422],
    ['other=1', 422],
    ['__proto__=1', 422],
    ['', 422],
  ])('answers the form %s with %i', async (body, status) => {
    expect((await postText('/api/v1/stones/login', body, form)).status).toBe(status)
  })

  it('refuses two content types', async () => {
    const answer = await sendRaw(
      server.port,
      'POST /api/v1/stones HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}',
    )
    expect(answer.status).toBe(415)
  })

  it.each([
    ['application/json; charset=UTF-8', 201],
    ['application/json;charset="utf-8";x=y', 201],
    ['application/json; charset = latin1', 415],
    ['application/json; charset =utf-8', 415],
    ['application/json; charset=utf-8; charset=latin1', 415],
    ['application/json; charset="utf-8"; Charset=utf-8', 415],
  ])('answers the type %s with %i', async (type, status) => {
    expect((await postText('/api/v1/stones', '{"name":"a"}', type)).status).toBe(status)
  })

  it('reads no body by the schema of its type, and by that for JSON without a type', async () => {
    const pointersOf = async (type: string | undefined) => {
      const answer = await postText('/api/v1/stones/login', '', type)
      const { errors } = (await answer.json()) as { errors: { pointer: string }[] }
      return errors.map(({ pointer }) => pointer)
    }
    expect(await pointersOf(form)).toEqual(['/body/username'])
    expect(await pointersOf(json)).toEqual(['/body/email'])
    expect(await pointersOf(undefined)).toEqual(['/body/email'])
  })

  it('reads up to 100 KiB', async () => {
    const name = 'a'.repeat(102_400 - JSON.stringify({ name: '' }).length)
    expect(await codeOf(await post('/api/v1/stones', { name }))).toBe('request.validation_failed')
  })

  it('prefers a literal path to a parameter, in whatever order they were declared', async () => {
    const response = await ask('/api/v1/stones/login')
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('OPTIONS, POST')
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('inflates %s, up to 100 KiB', async (coding, compress) => {
    const send = (text: string) =>
      postText('/api/v1/stones', compress(text), json, { 'content-encoding': coding })
    expect((await send('{"name":"granite"}')).status).toBe(201)
    expect((await send(JSON.stringify({ name: 'a'.repeat(50_000_000) }))).status).toBe(413)
    const cut = compress('{"name":"granite"}').subarray(0, 12)
    const broken = await postText('/api/v1/stones', cut, json, { 'content-encoding': coding })
    expect(broken.status).toBe(400)
    expect(await codeOf(broken)).toBe('request.malformed_coding')
  })

  it('refuses a coding that it does not know, and a body that the route does not take', async () => {
    const unknown = await postText('/api/v1/stones', 'x', json, { 'content-encoding': 'zip' })
    expect(unknown.status).toBe(415)
    const inherited = await postText('/api/v1/stones', 'x', json, {
      'content-encoding': 'constructor',
    })
    expect(inherited.status).toBe(415)
    const unwanted = await ask('/api/v1/stones/1', { method: 'DELETE', body: '{}' })
    expect(unwanted.status).toBe(415)
  })

  it('points at /body when the body is no object', async () => {
    const response = await post('/api/v1/stones', ['name'])
    const { errors } = (await response.json()) as { errors: object[] }
    expect(errors).toMatchObject([{ pointer: '/body', code: 'invalid_type' }])
  })

  it('tells the caller nothing of a defect, and operators its stack under the same request id', async () => {
    const response = await ask('/api/v1/stones/defect/throws', {
      headers: { 'x-request-id': 'defect-1' },
    })
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(text).not.toMatch(/SELECT|stack|\.ts/)
    expect(JSON.parse(text)).toMatchObject({ code: 'internal.unexpected', requestId: 'defect-1' })
    const line = server.lines.find(({ requestId, err }) => requestId === 'defect-1' && err)
    expect(line).toMatchObject({
      level: 'error',
      err: {
        message: 'SELECT secret FROM stones',
        stack: expect.stringContaining('serve.ts') as unknown,
      },
    })
  })

  it('treats an answer that its own schema refuses as a defect, and logs the place and not the value', async () => {
    expect((await ask('/api/v1/stones/defect/misfits')).status).toBe(500)
    const line = server.lines.find(({ err }) =>
      /refuses/.test((err as Error | undefined)?.message ?? ''),
    )
    expect(JSON.stringify(line)).toContain('/id invalid_type')
    expect(JSON.stringify(line)).not.toContain('hidden value')
  })

  function ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(server.url + path, init)
  }

  function post(path: string, body: unknown, headers: Record<string, string> = {}) {
    return postText(path, JSON.stringify(body), 'application/json', headers)
  }

  function postText(
    path: string,
    body: string | Buffer,
    type: string | undefined,
    headers: Record<string, string> = {},
  ) {
    return ask(path, {
      method: 'POST',
      headers: { ...(type ? { 'content-type': type } : {}), ...headers },
      // Bytes, because fetch gives text a type of its own.
      body: new Uint8Array(Buffer.from(body)),
    })
  }
})

async function codeOf(response: Response): Promise<string | undefined> {
  const { code } = (await response.json()) as { code?: string }
  return code
}
