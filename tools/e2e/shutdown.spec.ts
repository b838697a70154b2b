import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { eventually } from '@ashlar/core/testing'
import { startReadinessProxy } from './readiness-proxy.ts'
import type { RunningProcess } from './running-process.ts'
import { createSystem, type System } from './system.ts'

let system: System

beforeAll(async () => {
  system = await createSystem()
})
afterAll(() => system.stop())

const portOf = (url: string): number => Number(new URL(url).port)

const requestFor = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n\r\n`

/** Everything that comes until the connection ends, or why it ended. */
async function readAll(socket: Socket): Promise<string> {
  let received = ''
  let failure = ''
  socket.on('data', (chunk) => (received += chunk.toString()))
  socket.on('error', (error: NodeJS.ErrnoException) => (failure = error.code ?? error.message))
  await once(socket, 'close').catch(() => undefined)
  return failure || received.slice(0, 'HTTP/1.1 200'.length) || 'no answer'
}

/**
 * Connects ten clients while the process stands still, so that only the kernel has their
 * connections, and stops it.
 */
async function stopBeforeItAccepts(running: RunningProcess, port: number, path: string) {
  running.kill('SIGSTOP')
  const clients = Array.from({ length: 10 }, () => connect(port, '127.0.0.1'))
  const answers = clients.map(readAll)
  await Promise.all(clients.map((client) => once(client, 'connect')))
  for (const client of clients) client.write(requestFor(path))
  running.kill('SIGTERM')
  running.kill('SIGCONT')
  return Promise.all(answers)
}

const tenTimes = (answer: string) => Array.from({ length: 10 }, () => answer)

describe('a process that gets SIGTERM before it has accepted what the kernel has', () => {
  it.each(['api', 'admin-dashboard'])('answers every client: %s', async (app) => {
    const running = await system.start(app)
    const answers = await stopBeforeItAccepts(running, portOf(running.url), '/health/live')
    expect(answers).toEqual(tenTimes('HTTP/1.1 200'))
    expect(await running.ended()).toBe(0)
  })

  it.each(['api', 'admin-dashboard', 'worker', 'scheduler'])(
    'answers every client of the management port: %s',
    async (app) => {
      const running = await system.start(app)
      const port = portOf(running.managementUrl)
      expect(await stopBeforeItAccepts(running, port, '/health/live')).toEqual(
        tenTimes('HTTP/1.1 200'),
      )
      expect(await running.ended()).toBe(0)
    },
  )

  it('answers every client without a time to linger, too', async () => {
    const running = await system.start('api', { SHUTDOWN_LINGER: '1ms' })
    const answers = await stopBeforeItAccepts(running, portOf(running.url), '/health/live')
    expect(answers).toEqual(tenTimes('HTTP/1.1 200'))
    expect(await running.ended()).toBe(0)
  })
})

describe('ten restarts of two api processes behind a load balancer that looks at readiness', () => {
  it('lose none of the clients that connect meanwhile, sixty in a second', async () => {
    const environment = { RATE_LIMIT_ENABLED: 'false', SHUTDOWN_LINGER: '1s' }
    const proxy = await startReadinessProxy()
    const serving = await Promise.all([1, 2].map(() => system.start('api', environment)))
    serving.forEach(proxy.add)

    const answers: Promise<string>[] = []
    const load = setInterval(() => {
      const client = connect(proxy.port, '127.0.0.1')
      client.write(requestFor('/.well-known/jwks.json'))
      answers.push(readAll(client))
    }, 1_000 / 60)

    for (let restarts = 0; restarts < 10; restarts++) {
      const old = serving.shift()!
      expect(await old.stop()).toBe(0)
      proxy.remove(old)
      const next = await system.start('api', environment)
      proxy.add(next)
      serving.push(next)
    }
    clearInterval(load)

    expect(answers.length).toBeGreaterThan(100)
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['HTTP/1.1 200']))
    await proxy.stop()
  }, 300_000)
})

it('a client that kept its connection alive is answered until the lingering ends, and told to close', async () => {
  const api = await system.start('api', { SHUTDOWN_LINGER: '3s' })
  const client = connect(portOf(api.url), '127.0.0.1')
  const answered = readAll(client)
  const kept = 'GET /health/live HTTP/1.1\r\nHost: api.test\r\n\r\n'
  client.write(kept)
  await once(client, 'data')
  const stopped = api.stop()
  await eventually(async () => (await fetch(`${api.managementUrl}/health/ready`)).status === 503)
  client.write(kept)
  const [last] = (await once(client, 'data')) as [Buffer]
  expect(String(last)).toMatch(/^HTTP\/1\.1 200[^]*\r\nConnection: close\r\n/i)
  expect(await answered).toBe('HTTP/1.1 200')
  expect(await stopped).toBe(0)
})
