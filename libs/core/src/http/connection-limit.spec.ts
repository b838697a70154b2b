import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { eventually } from '../../testing/eventually.ts'
import { serve } from './testing/serve.ts'

type Server = Awaited<ReturnType<typeof serve>>

let server: Server
const sockets: Socket[] = []

beforeEach(async () => {
  server = await serve({ connectionsPerAddress: 3 })
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server.stop()
})

async function connectFrom(localAddress: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: server.port, localAddress })
  socket.on('error', () => undefined)
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

/** The status of an answer, or "closed". */
async function ask(socket: Socket): Promise<string> {
  socket.write('GET /health/live HTTP/1.1\r\nHost: api.test\r\n\r\n')
  const answer = once(socket, 'data').then(([data]) => String(data).slice(9, 12))
  const closed = once(socket, 'close').then(() => 'closed')
  return Promise.race([answer, closed]).catch(() => 'closed')
}

const warnings = () => server.lines.filter(({ level }) => level === 'warn')

describe('an address with as many connections as it may have', () => {
  it('gets no further one, and keeps those that it has', async () => {
    const first = [await connectFrom('127.0.0.1'), await connectFrom('127.0.0.1')]
    expect(await ask(await connectFrom('127.0.0.1'))).toBe('200')
    for (let more = 0; more < 5; more++)
      expect(await ask(await connectFrom('127.0.0.1'))).toBe('closed')
    for (const socket of first) expect(await ask(socket)).toBe('200')
  })

  it('gets one again as soon as it closes another', async () => {
    const [first] = await Promise.all([1, 2, 3].map(() => connectFrom('127.0.0.1')))
    expect(await ask(await connectFrom('127.0.0.1'))).toBe('closed')
    first?.destroy()
    await eventually(async () => (await ask(await connectFrom('127.0.0.1'))) === '200')
  })

  it('takes nothing from other addresses', async () => {
    for (let more = 0; more < 5; more++) await connectFrom('127.0.0.1')
    expect(await ask(await connectFrom('127.0.0.2'))).toBe('200')
  })

  it('is told once to operators, however often it tries', async () => {
    for (let more = 0; more < 10; more++) await ask(await connectFrom('127.0.0.1'))
    expect(warnings()).toMatchObject([
      { address: '127.0.0.1', most: 3, msg: expect.stringContaining('too many open') },
    ])
  })
})

it('is off unless a limit is given', async () => {
  const unlimited = await serve()
  const before = unlimited.lines.length
  const many = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const socket = connect(unlimited.port, '127.0.0.1')
      await once(socket, 'connect')
      return socket
    }),
  )
  for (const socket of many) {
    expect(await ask(socket)).toBe('200')
    socket.destroy()
  }
  expect(unlimited.lines.slice(before).filter(({ level }) => level === 'warn')).toEqual([])
  await unlimited.stop()
})
