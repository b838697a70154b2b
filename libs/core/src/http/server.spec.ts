import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { eventually } from '../../testing/eventually.ts'
import { createLogger } from '../logging/index.ts'
import { createHttpServer } from './index.ts'
import { problemBaseUrl, sendRaw, serve } from './testing/serve.ts'

type Server = Awaited<ReturnType<typeof serve>>

const host = 'Host: api.test\r\n'
const postHead = `POST /api/v1/stones HTTP/1.1\r\n${host}Content-Type: application/json\r\n`

describe('what no HTTP client would send', () => {
  let server: Server
  beforeAll(async () => {
    server = await serve()
  })
  afterAll(() => server.stop())

  it.each<[name: string, bytes: string, status: number, code: string]>([
    ['no Host', 'GET /health/live HTTP/1.1\r\n\r\n', 400, 'request.malformed'],
    ['two Hosts', `GET /health/live HTTP/1.1\r\n${host}${host}\r\n`, 400, 'request.malformed'],
    ['no HTTP', 'hello\r\n\r\n', 400, 'request.malformed'],
    ['an unknown method', `BREW / HTTP/1.1\r\n${host}\r\n`, 400, 'request.malformed'],
    [
      'a length beside a transfer coding',
      `${postHead}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'request.malformed',
    ],
    [
      'two lengths',
      `${postHead}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
      400,
      'request.malformed',
    ],
    [
      'two equal lengths',
      `${postHead}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`,
      400,
      'request.malformed',
    ],
    [
      'a length that is no number',
      `${postHead}Content-Length: 2x\r\n\r\n{}`,
      400,
      'request.malformed',
    ],
    ['bare line feeds', 'GET /health/live HTTP/1.1\nHost: api.test\n\n', 400, 'request.malformed'],
    [
      'a bare line feed between fields',
      'GET /health/live HTTP/1.1\r\nHost: api.test\nA: b\r\n\r\n',
      400,
      'request.malformed',
    ],
    [
      'a folded field',
      `GET /health/live HTTP/1.1\r\n${host}A: b\r\n c\r\n\r\n`,
      400,
      'request.malformed',
    ],
    [
      'an unknown transfer coding',
      `${postHead}Transfer-Encoding: cow\r\n\r\n`,
      400,
      'request.malformed',
    ],
    [
      'a transfer coding before chunked',
      `${postHead}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
      400,
      'request.malformed',
    ],
    [
      'chunked twice',
      `${postHead}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
      400,
      'request.malformed',
    ],
    [
      'a broken chunk',
      `${postHead}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
      400,
      'request.malformed',
    ],
    [
      'a blank before the colon',
      `GET /health/live HTTP/1.1\r\n${host}A : b\r\n\r\n`,
      400,
      'request.malformed',
    ],
    [
      'a NUL in a field',
      `GET /health/live HTTP/1.1\r\n${host}A: \0\r\n\r\n`,
      400,
      'request.malformed',
    ],
    [
      'headers of 17 KiB',
      `GET /health/live HTTP/1.1\r\n${host}A: ${'a'.repeat(17_000)}\r\n\r\n`,
      431,
      'request.headers_too_large',
    ],
    [
      'headers of 60 KiB',
      `GET /health/live HTTP/1.1\r\n${host}A: ${'a'.repeat(60_000)}\r\n\r\n`,
      431,
      'request.headers_too_large',
    ],
    [
      'more than 1,000 fields',
      `GET /health/live HTTP/1.1\r\n${host}${'A:\r\n'.repeat(1_000)}\r\n`,
      431,
      'request.headers_too_large',
    ],
    [
      'an address of 9 KiB',
      `GET /${'a'.repeat(9_000)} HTTP/1.1\r\n${host}\r\n`,
      414,
      'request.address_too_long',
    ],
    [
      'an address of 60 KiB',
      `GET /${'a'.repeat(60_000)} HTTP/1.1\r\n${host}\r\n`,
      414,
      'request.address_too_long',
    ],
  ])('refuses %s, as a problem, and closes', async (_name, bytes, status, code) => {
    const answer = await sendRaw(server.port, bytes)
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    const problem = JSON.parse(answer.body) as Record<string, unknown>
    expect(problem).toMatchObject({
      status,
      code,
      type: `${problemBaseUrl}/${code}`,
      requestId: answer.headers['x-request-id'],
    })
    if (status === 431) expect(problem['detail']).toMatch(/16 KiB.* 1,000/)
    if (code === 'request.malformed')
      expect(answer).toMatchObject({ headers: { connection: 'close' }, closed: true })
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200)
  })

  it.each([
    ['raw bytes in the path', Buffer.from(`GET /\xff HTTP/1.1\r\n${host}\r\n`, 'latin1'), 400],
    [
      'an absolute address of another host',
      `GET http://evil.test/nowhere HTTP/1.1\r\n${host}\r\n`,
      404,
    ],
    ['dot segments', `GET /docs/../nowhere/../health/live HTTP/1.1\r\n${host}\r\n`, 404],
    ['dot segments in front of a route', `GET /x/../api/v1/stones/1 HTTP/1.1\r\n${host}\r\n`, 404],
    ['TRACE', `TRACE /health/live HTTP/1.1\r\n${host}\r\n`, 405],
    ['an unknown expectation', `GET /health/live HTTP/1.1\r\n${host}Expect: more\r\n\r\n`, 200],
    ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${host}\r\n`, 404],
  ])('answers %s', async (_name, bytes, status) => {
    const answer = await sendRaw(server.port, bytes)
    expect(answer.status).toBe(status)
    expect(answer.body).not.toContain('evil')
  })

  it.each([
    ['ftp://evil.test/nowhere?x=1', '/nowhere'],
    ['HTTP://mason@evil.test:80/nowhere', '/nowhere'],
    ['http://evil.test?x', '/'],
    ['evil://evil.test', '/'],
    ['evil://evil.test?x=/y', '/'],
    [`evil://${'e'.repeat(9_000)}/nowhere`, '/nowhere', 414],
  ])('takes the path of %s alone', async (target, instance, status = 404) => {
    const answer = await sendRaw(server.port, `GET ${target} HTTP/1.1\r\n${host}\r\n`)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(JSON.parse(answer.body)).toMatchObject({ status, instance })
  })

  it('answers a body of any length that it refuses without reading it', async () => {
    const answer = await sendRaw(server.port, `${postHead}Content-Length: 9999999999\r\n\r\n{`)
    expect(answer.status).toBe(413)
    const chunk = `${(60_000).toString(16)}\r\n${'a'.repeat(60_000)}\r\n`
    const chunked = await sendRaw(
      server.port,
      `${postHead}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}`,
    )
    expect(chunked.status).toBe(413)
  })

  it('survives a client that leaves in the middle of its body', async () => {
    const socket = connect(server.port, '127.0.0.1')
    socket.write(`${postHead}Content-Length: 10\r\n\r\n{"na`)
    await wait(50)
    socket.destroy()
    await wait(50)
    expect(server.lines.some(({ level }) => level === 'error')).toBe(false)
    expect(server.lines.at(-1)).toMatchObject({ msg: 'request aborted', status: 499 })
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200)
  })

  it('is not harmed by a thousand silent connections', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const socket = connect(server.port, '127.0.0.1')
        await once(socket, 'connect')
        return socket
      }),
    )
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200)
    for (const socket of sockets) socket.destroy()
  })
})

describe('a slow client', () => {
  it('gets 408 when headers or body trickle in', async () => {
    const server = await serve({ headersTimeoutMs: 300, requestTimeoutMs: 600 })
    const [headers, body] = await Promise.all([
      sendRaw(server.port, `GET /health/live HTTP/1.1\r\n`, 5_000),
      sendRaw(server.port, `${postHead}Content-Length: 10\r\n\r\n{"na`, 5_000),
    ])
    for (const answer of [headers, body]) {
      expect(answer).toMatchObject({ status: 408, closed: true, headers: { connection: 'close' } })
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'request.timeout' })
    }
    expect(server.lines.some(({ level }) => level === 'error')).toBe(false)
    await server.stop()
  })

  it('does not hold up others when it comes with many', async () => {
    const server = await serve({ headersTimeoutMs: 300, requestTimeoutMs: 600 })
    const refusals = () => server.lines.filter(({ msg }) => msg === 'request refused').length
    const halves = ['', 'GET / HTTP/1.1\r\n', `${postHead}Content-Length: 10\r\n\r\n{"na`]
    const clients = Array.from({ length: 300 }, (_, index) =>
      sendRaw(server.port, halves[index % halves.length] ?? '', 10_000),
    )
    let mostInOneTurn = 0
    let answered = false
    const answers = Promise.all(clients).finally(() => (answered = true))
    for (let before = 0; !answered; before = refusals()) {
      await new Promise(setImmediate)
      mostInOneTurn = Math.max(mostInOneTurn, refusals() - before)
    }
    expect(refusals()).toBe(clients.length)
    expect(mostInOneTurn).toBeLessThan(50)
    for (const { status } of await answers) expect(status).toBe(408)
    await server.stop()
  })
})

describe('a start', () => {
  const serverAt = (port: number) =>
    createHttpServer({ app: () => undefined, port, problemBaseUrl, log: {} as never })

  it.each([
    ['on one address alone', '127.0.0.1', { v4: true, v6: false }],
    ['on one address of IPv6 alone', '::1', { v4: false, v6: true }],
    ['on every address, if it is told none', undefined, { v4: true, v6: true }],
  ])('listens %s', async (_what, host, reached) => {
    const server = createHttpServer({
      app: (_request, response) => void response.end(),
      host,
      port: 0,
      problemBaseUrl,
      log: createLogger({ name: 'test', config: { logLevel: 'silent' } }),
    })
    await server.start()
    const answers = (address: string) =>
      fetch(`http://${address}:${server.port()}`).then(
        () => true,
        () => false,
      )
    expect({ v4: await answers('127.0.0.1'), v6: await answers('[::1]') }).toEqual(reached)
    await server.stop(AbortSignal.timeout(1_000))
  })

  it('fails when the port is taken, and names it and its holder', async () => {
    const script =
      'require("net").createServer().listen(0, function () { console.log(this.address().port) })'
    const holder = spawn(process.execPath, ['-e', script])
    const [line] = (await once(holder.stdout, 'data')) as [Buffer]
    const started = serverAt(Number(line)).start()
    await expect(started.finally(() => holder.kill())).rejects.toMatchObject({
      code: 'EADDRINUSE',
      port: Number(line),
      message: expect.stringMatching(`pid ${holder.pid}, .*Set PORT to another port`),
    })
  })

  it('fails for its configuration when the process itself has the port', async () => {
    const server = await serve()
    await expect(serverAt(server.port).start()).rejects.toMatchObject({
      name: 'ConfigError',
      message: 'PORT must be another port than MANAGEMENT_PORT. Example: PORT=3000',
    })
    await server.stop()
  })
})

describe('a stop', () => {
  it('answers what was asked before, and tells clients to close', async () => {
    const server = await serve()
    const slow = fetch(`${server.url}/api/v1/stones/slow/answer`)
    await eventually(() => server.requests() === 1)
    const stopped = server.stop()
    const answer = await slow
    expect(answer.headers.get('connection')).toBe('close')
    expect(await answer.json()).toEqual({ data: 'done' })
    await stopped
  })

  it('is not ready at once, serves new clients while it lingers, and refuses them afterwards', async () => {
    const server = await serve()
    const stopped = server.stop()
    for (const [path, status] of [
      ['/health/ready', 503],
      ['/api/v1/stones/1', 200],
    ] as const) {
      const answer = await fetch(`${server.url}${path}`)
      expect([answer.status, answer.headers.get('connection')]).toEqual([status, 'close'])
      await answer.text()
    }
    await stopped
    await expect(fetch(`${server.url}/health/live`)).rejects.toThrow()
  })

  it('answers all that was asked on one connection, and closes with the last answer', async () => {
    const server = await serve()
    const slow = `GET /api/v1/stones/slow/answer HTTP/1.1\r\n${host}\r\n`
    const socket = connect(server.port, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => (received += chunk.toString()))
    socket.write(slow + slow)
    await eventually(() => server.requests() === 2)
    const stopped = server.stop()
    socket.write(slow)
    await once(socket, 'close')
    expect(received.match(/HTTP\/1\.1 200/g)).toHaveLength(3)
    expect(received.match(/^connection: close/gim)).toHaveLength(1)
    await stopped
  })

  it('answers a client that is still sending its headers when the lingering ends', async () => {
    const server = await serve({ lingerMs: 400 })
    const stopped = server.stop(5_000)
    const socket = connect(server.port, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => (received += chunk.toString()))
    for (const part of [`GET /api/v1/stones/1 HTTP/1.1\r\n${host}`, ...'ABCDEFG', ': a\r\n\r\n']) {
      socket.write(part)
      await wait(100)
    }
    await eventually(() => received.startsWith('HTTP/1.1 200'))
    await stopped
  })

  it('goes on serving kept-alive clients for a moment, as not ready, and lets them go with an answer', async () => {
    const server = await serve()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    expect((await getWith(agent, `${server.url}/health/ready`)).status).toBe(200)
    const stopped = server.stop()
    await wait(50)
    const answer = await getWith(agent, `${server.url}/health/ready`)
    expect(answer).toMatchObject({ status: 503, connection: 'close' })
    const started = performance.now()
    await stopped
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  it('does not wait for silent or idle clients', async () => {
    const server = await serve()
    const silent = connect(server.port, '127.0.0.1')
    await once(silent, 'connect')
    await fetch(`${server.url}/health/live`)
    const started = performance.now()
    await server.stop()
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  it('cuts off what is not done when the grace ends', async () => {
    const server = await serve()
    const slow = fetch(`${server.url}/api/v1/stones/slow/answer`)
    const refused = expect(slow).rejects.toThrow()
    await wait(50)
    await server.stop(100)
    await refused
  })

  it('loses no request under load', async () => {
    const server = await serve()
    const agent = new Agent({ keepAlive: true, maxSockets: 20 })
    let stopping = false
    let answered = 0
    const connected = new Set<number>()
    const failures: string[] = []
    const client = async (_: unknown, id: number) => {
      for (;;) {
        const wasStopping = stopping
        try {
          const answer = await getWith(agent, `${server.url}/api/v1/stones/1`)
          if (answer.status !== 200) failures.push(String(answer.status))
          answered++
          connected.add(id)
        } catch (error) {
          // Who connects anew after the stop is refused, and rightly so.
          if (!wasStopping || isOnOldConnection(error)) failures.push(String(error))
        }
        if (wasStopping) return
      }
    }
    const clients = Array.from({ length: 20 }, client)
    await eventually(() => connected.size === clients.length && answered > 50)
    stopping = true
    await Promise.all([server.stop(), ...clients])
    agent.destroy()
    expect(failures).toEqual([])
    expect(answered).toBeGreaterThan(50)
  })
})

interface Got {
  status: number
  connection: string | undefined
}

function getWith(agent: Agent, url: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      response.resume()
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, connection: response.headers.connection }),
      )
    })
    request.once('error', (error) =>
      reject(Object.assign(error, { onOldConnection: request.reusedSocket })),
    )
  })
}

const isOnOldConnection = (error: unknown): boolean =>
  (error as { onOldConnection: boolean }).onOldConnection
