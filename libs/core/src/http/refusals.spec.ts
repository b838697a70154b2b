import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { eventually } from '../../testing/eventually.ts'
import { serve } from './testing/serve.ts'

type Server = Awaited<ReturnType<typeof serve>>

const host = 'Host: api.test\r\n'
const slow = `GET /api/v1/stones/slow/answer HTTP/1.1\r\n${host}\r\n`
const json = '{"name":"granite"}'
const cut = `POST /api/v1/stones HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}`
const largeHeaders = `${host}A: ${'a'.repeat(30_000)}\r\n\r\n`

let server: Server
beforeAll(async () => {
  server = await serve()
})
afterAll(() => server.stop())

/** Sends one packet after the other and reads until the server closes. */
async function converse(...packets: string[]): Promise<string> {
  const socket = connect(server.port, '127.0.0.1')
  let received = ''
  socket.on('data', (chunk) => (received += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  for (const packet of packets) {
    socket.write(packet)
    await wait(20)
  }
  await closed
  return received
}

const statusesOf = (received: string): number[] =>
  [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))

describe('a request that cannot be read', () => {
  it.each<[name: string, packets: string[], statuses: number[]]>([
    ['in a packet of its own', [cut, 'GARBAGE\r\n\r\n'], [201, 400]],
    ['in the same packet', [`${cut}GARBAGE\r\n\r\n`], [201, 400]],
    ['with headers that are too large', [`${cut}GET / HTTP/1.1\r\n${largeHeaders}`], [201, 431]],
    ['with an address that is too long', [`${cut}GET /${'a'.repeat(30_000)}`], [201, 414]],
    ['while the answer takes its time', [slow, 'GARBAGE\r\n\r\n'], [200, 400]],
    ['behind several', [slow + cut + slow, 'GARBAGE\r\n\r\n'], [200, 201, 200, 400]],
    [
      'in its body',
      [
        `${slow}POST /api/v1/stones HTTP/1.1\r\n${host}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
        'zz\r\n',
      ],
      [200, 400],
    ],
  ])('takes no answer from one that came before: %s', async (_name, packets, statuses) => {
    expect(statusesOf(await converse(...packets))).toEqual(statuses)
  })

  it('has one answer, also where its body breaks after it was answered', async () => {
    const head = `POST /nowhere HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`
    expect(statusesOf(await converse(head, 'zz\r\n'))).toEqual([404])
  })

  it('has one answer, also where the rest of it comes while its refusal waits for its turn', async () => {
    const server = await serve({ headersTimeoutMs: 300 })
    const sockets = Array.from({ length: 200 }, () => connect(server.port, '127.0.0.1'))
    const received = sockets.map(async (socket) => {
      let text = ''
      socket.on('data', (chunk) => (text += chunk.toString())).on('error', () => undefined)
      socket.write(`GET /health/live HTTP/1.1\r\n${host}`)
      await once(socket, 'close').catch(() => undefined)
      return text
    })
    await eventually(() => server.lines.some(({ msg }) => msg === 'request refused'))
    for (const socket of sockets) socket.write('\r\n')
    for (const text of received) expect(statusesOf(await text)).toEqual([408])
    await server.stop()
  })

  it('is forgotten with the client, also where an answer is on its way', async () => {
    const socket = connect(server.port, '127.0.0.1')
    socket.write(`${slow}${slow}GARBAGE\r\n\r\n`)
    await wait(50)
    socket.destroy()
    await wait(50)
    expect(server.lines.some(({ level }) => level === 'error')).toBe(false)
  })

  it.each([
    ['an address that is too long', `HEAD /${'a'.repeat(30_000)} HTTP/1.1\r\n${host}\r\n`, 414],
    ['headers that are too large', `HEAD / HTTP/1.1\r\n${largeHeaders}`, 431],
    ['a broken field', `HEAD / HTTP/1.1\r\n${host}A : b\r\n\r\n`, 400],
    ['a broken field, behind another', `${cut}HEAD / HTTP/1.1\r\n${host}A : b\r\n\r\n`, 400],
  ])('has no body in its answer where it is HEAD with %s', async (_name, bytes, status) => {
    const received = await converse(bytes)
    expect(statusesOf(received).at(-1)).toBe(status)
    expect(received).toMatch(/\r\nContent-Length: [1-9]\d+\r\n.*\r\n\r\n$/s)
  })
})

describe('CONNECT', () => {
  const bytes = `CONNECT evil.test:443 HTTP/1.1\r\n${host}X-Request-Id: tunnel-1\r\n\r\n`

  it('is refused as a problem, and the connection closes', async () => {
    const received = await converse(bytes)
    expect(statusesOf(received)).toEqual([400])
    expect(received).toMatch(/^content-type: application\/problem\+json\r$/im)
    expect(received).toMatch(/^x-request-id: tunnel-1\r$/im)
    expect(received).toContain('"code":"request.malformed"')
    expect(received).not.toContain('evil')
  })

  it('comes after what was asked before', async () => {
    expect(statusesOf(await converse(slow + bytes))).toEqual([200, 400])
  })
})
