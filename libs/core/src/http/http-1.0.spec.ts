import { connect } from 'node:net'
import { eventually } from '../../testing/eventually.ts'
import { sendRaw, serve } from './testing/serve.ts'

type Server = Awaited<ReturnType<typeof serve>>

let server: Server
beforeAll(async () => {
  server = await serve()
})
afterAll(() => server.stop())

describe('a request in HTTP/1.0', () => {
  it.each([
    ['OPTIONS', '/health/ready', 204],
    ['HEAD', '/health/ready', 200],
    ['GET', '/health/ready', 200],
    ['GET', '/health/live', 200],
    ['GET', '/api/v1/stones/1', 200],
    ['DELETE', '/api/v1/stones/1', 204],
    ['GET', '/nowhere', 404],
  ])('needs no Host, and its connection closes: %s %s', async (method, path, status) => {
    const answer = await sendRaw(server.port, `${method} ${path} HTTP/1.0\r\n\r\n`)
    expect(answer).toMatchObject({ status, closed: true, headers: { connection: 'close' } })
    expect(answer.headers).not.toHaveProperty('transfer-encoding')
    expect(answer.body === '').toBe(method !== 'GET')
  })

  it('may name a Host, which is in no link', async () => {
    const answer = await sendRaw(
      server.port,
      'POST /api/v1/stones HTTP/1.0\r\nHost: evil.test\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{"name":"granite"}',
    )
    expect(answer).toMatchObject({ status: 201, headers: { location: '/api/v1/stones/1' } })
    expect(JSON.stringify(answer)).not.toContain('evil')
  })

  it('keeps its connection if it wants to', async () => {
    const socket = connect(server.port, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => (received += chunk.toString()))
    const answers = () => received.match(/HTTP\/1\.1 200 OK\r\n/g)?.length ?? 0
    for (const count of [1, 2]) {
      socket.write('GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
      await eventually(() => answers() === count)
    }
    expect(received).toMatch(/^connection: keep-alive\r$/im)
    expect(received).not.toMatch(/^transfer-encoding/im)
    socket.destroy()
  })

  it.each([
    ['two Hosts', 'GET /health/ready HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['no Host in HTTP/1.1', 'OPTIONS /health/ready HTTP/1.1\r\n\r\n'],
    ['no Host in HTTP/1.1 on a route', 'GET /api/v1/stones/1 HTTP/1.1\r\n\r\n'],
  ])('is refused with %s', async (_name, bytes) => {
    const answer = await sendRaw(server.port, bytes)
    expect(answer).toMatchObject({ status: 400, closed: true })
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'request.malformed' })
  })
})
