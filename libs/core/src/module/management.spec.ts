import { once } from 'node:events'
import { connect } from 'node:net'
import { Writable } from 'node:stream'
import { coreConfig, parseConfig, type Environment } from '../config/index.ts'
import { createLogger } from '../logging/index.ts'
import { sendRaw } from '../http/testing/serve.ts'
import { addManagement, createCore, type Core } from './index.ts'

const tracing = { name: 'tracing', isOn: false, stop: async () => undefined }

/** A process of nothing but its management port, none of whose servers is there. */
async function start(defaultPort = 0, environment: Environment = {}) {
  const { core: config } = parseConfig(
    { core: coreConfig },
    {
      APP_ENV: 'testing',
      DATABASE_URL: 'postgresql://127.0.0.1:1/ashlar',
      REDIS_URL: 'redis://127.0.0.1:1',
      SMTP_URL: 'smtp://127.0.0.1:1',
      PROBLEM_BASE_URL: 'https://api.test/problems',
      RATE_LIMIT_DEFAULT: '1',
      ...environment,
    },
  )
  const lines: Record<string, unknown>[] = []
  const destination = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(JSON.parse(line.toString()) as Record<string, unknown>)
      done()
    },
  })
  const core = createCore({
    process: 'api',
    config,
    log: createLogger({ name: 'api', config, destination }),
  })
  const health = addManagement(core, { tracing, defaultPort, needsRedis: false })
  await core.lifecycle.start()
  const started = lines.find(({ msg }) => msg === 'listening')
  return { core, health, lines, port: started?.['port'] as number }
}

describe('the management port', () => {
  let core: Core
  let port: number
  let lines: Record<string, unknown>[]
  beforeAll(async () => {
    ;({ core, port, lines } = await start())
  })
  afterAll(() => core.lifecycle.stop())

  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, init)

  it('serves the metrics as Prometheus reads them', async () => {
    const response = await ask('/metrics?name=a')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.text()).toContain('process_cpu_seconds_total{process="api"}')
  })

  it('tells that the process is alive, and not ready while what it needs is down', async () => {
    expect(await (await ask('/health/live')).json()).toEqual({ status: 'alive' })
    const ready = await ask('/health/ready')
    expect(ready.status).toBe(503)
    expect(ready.headers.get('retry-after')).toBe('1')
    expect(await ready.json()).toMatchObject({
      code: 'service.not_ready',
      instance: '/health/ready',
      checks: { database: 'down', redis: 'down' },
    })
  })

  it.each([
    ['GET', '/', 404, 'request.not_found'],
    ['GET', '/metrics/', 404, 'request.not_found'],
    ['GET', '/toString', 404, 'request.not_found'],
    ['POST', '/api/v1/auth/login', 404, 'request.not_found'],
    ['POST', '/metrics', 405, 'request.method_not_allowed'],
    ['DELETE', '/health/live', 405, 'request.method_not_allowed'],
  ])('answers %s %s with %i, as a problem', async (method, path, status, code) => {
    const response = await ask(path, { method, headers: { 'x-request-id': 'mine' } })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD, OPTIONS' : null)
    const type = `https://api.test/problems/${code}`
    expect(await response.json()).toMatchObject({
      type,
      status,
      code,
      instance: path,
      requestId: 'mine',
    })
  })

  it('answers OPTIONS with what is allowed, and HEAD like GET without the body', async () => {
    const options = await ask('/metrics', { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS'])
    const head = await ask('/health/live', { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe('18')
    expect(await head.text()).toBe('')
  })

  it('sends the headers of every other answer', async () => {
    for (const path of ['/metrics', '/health/live', '/nowhere']) {
      const { headers } = await ask(path)
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  it.each([
    ['GET', 200],
    ['HEAD', 200],
    ['OPTIONS', 204],
  ])('answers %s of a check in HTTP/1.0, which names no Host', async (method, status) => {
    const answer = await sendRaw(port, `${method} /health/live HTTP/1.0\r\n\r\n`)
    expect(answer).toMatchObject({ status, closed: true })
  })

  it.each([
    ['no Host', 'GET /metrics HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', 'GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
    ['an address of 10 KiB', `GET /metrics?${'a'.repeat(10_240)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ['no HTTP', 'hello\r\n\r\n', 400],
  ])('refuses %s as a problem', async (_name, bytes, status) => {
    const answer = await sendRaw(port, bytes)
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toBe('application/problem+json')
  })

  it('neither limits nor logs nor counts scrapes and probes', async () => {
    const before = lines.length
    for (const path of ['/metrics', '/health/live', '/metrics', '/health/live', '/nowhere'])
      expect((await ask(path)).status).not.toBe(429)
    expect(lines).toHaveLength(before)
    expect(await (await ask('/metrics')).text()).not.toContain('http_request')
  })

  it('survives a check that throws, and tells nobody why', async () => {
    const broken = await start()
    broken.health.ready = () => Promise.reject(new Error('secret'))
    const url = `http://127.0.0.1:${broken.port}`
    const response = await fetch(`${url}/health/ready`)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
    await broken.core.lifecycle.stop()
  })

  it('names its own key where the port is taken', async () => {
    await expect(start(port)).rejects.toThrow('MANAGEMENT_PORT must be another port than PORT.')
  })

  it('stops at once, with scrapers and silent clients connected', async () => {
    const other = await start()
    await fetch(`http://127.0.0.1:${other.port}/metrics`)
    const silent = connect(other.port, '127.0.0.1')
    await once(silent, 'connect')
    const startedAt = performance.now()
    await other.core.lifecycle.stop()
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    await expect(fetch(`http://127.0.0.1:${other.port}/health/live`)).rejects.toThrow()
    silent.destroy()
  })
})

it.each([
  ['that of the public port', { HOST: '127.0.0.1' }],
  ['its own', { HOST: '192.0.2.1', MANAGEMENT_HOST: '127.0.0.1' }],
])('the management port listens on %s', async (_whose, environment) => {
  const { core, port } = await start(0, environment)
  expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200)
  await expect(fetch(`http://127.0.0.2:${port}/health/live`)).rejects.toThrow()
  await core.lifecycle.stop()
})

it('a management port that cannot listen names its own key', async () => {
  const started = start(0, { HOST: '127.0.0.1', MANAGEMENT_HOST: '192.0.2.1' })
  await expect(started).rejects.toThrow('MANAGEMENT_HOST is no address of this machine.')
})
