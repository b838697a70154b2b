import { serve } from './testing/serve.ts'

let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  server = await serve()
})
afterAll(() => server.stop())

const ask = (path: string, headers: Record<string, string> = {}) =>
  fetch(server.url + path, { headers, redirect: 'manual' })

describe('a page', () => {
  it.each([
    '/health/live',
    '/health/ready',
    '/problems',
    '/problems/stones.taken',
    '/openapi.json',
    '/docs',
    '/docs/',
  ])('takes no parameters, and none that cannot be read: %s', async (path) => {
    const statuses = await Promise.all(
      ['', '?', '?x=1', '?a=1&a=2', '?a=%ff'].map(
        async (query) => (await ask(path + query)).status,
      ),
    )
    const own = path === '/docs/' ? 308 : 200
    expect(statuses).toEqual([own, own, 422, 400, 400])
    expect(await (await ask(`${path}?x=1`)).json()).toMatchObject({
      code: 'request.validation_failed',
      errors: [{ pointer: '/query/x', code: 'unknown', detail: 'There is no such parameter.' }],
    })
  })
})

describe('a part of a page', () => {
  it('takes any parameters, with which a browser may ask past its cache', async () => {
    expect((await ask('/docs/start.js?v=1')).status).toBe(200)
    expect((await ask('/docs/swagger-ui.css?v=1')).status).toBe(200)
  })

  it('is sent whole, whatever range is asked for', async () => {
    const answer = await ask('/docs/swagger-ui.css', { range: 'bytes=999999999-' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-range')).toBeNull()
  })

  it('has no version that If-Match could name', async () => {
    const answer = await ask('/docs/swagger-ui.css', { 'if-match': '"x"' })
    expect(answer.status).toBe(412)
    expect(await answer.json()).toMatchObject({ code: 'request.precondition_failed' })
  })
})
