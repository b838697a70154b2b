import { once } from 'node:events'
import { connect } from 'node:net'
import { createLogger } from '../logging/index.ts'
import {
  createManagementServer,
  type HealthReport,
  type ManagementServer,
} from './management-server.ts'
import { createMetrics } from './metrics.ts'

describe('the management port', () => {
  let readiness: () => Promise<HealthReport>
  let management: ManagementServer

  beforeEach(async () => {
    readiness = async () => ({ status: 200, body: { status: 'ready', checks: { database: 'up' } } })
    management = serverAt(0)
    await management.start()
  })
  afterEach(() => management.stop())

  it('serves the metrics as Prometheus reads them', async () => {
    const response = await ask('/metrics?name=a')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await response.text()).toContain('process_cpu_seconds_total{process="api"}')
  })

  it('tells that the process is alive and ready', async () => {
    expect(await (await ask('/health/live')).json()).toEqual({ status: 'alive' })
    const ready = await ask('/health/ready')
    expect(ready.headers.get('content-type')).toBe('application/json')
    expect(ready.headers.get('cache-control')).toBe('no-store')
    expect(await ready.json()).toEqual({ status: 'ready', checks: { database: 'up' } })
  })

  it('answers a problem while the process is not ready', async () => {
    readiness = async () => ({ status: 503, body: { code: 'service.not_ready', status: 503 } })
    const response = await ask('/health/ready')
    expect(response.status).toBe(503)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await response.json()).toEqual({ code: 'service.not_ready', status: 503 })
  })

  it.each([
    ['GET', '/', 404],
    ['GET', '/metrics/', 404],
    ['GET', '/toString', 404],
    ['POST', '/api/v1/auth/login', 404],
    ['POST', '/metrics', 405],
    ['DELETE', '/health/live', 405],
  ])('answers %s %s with %i', async (method, path, status) => {
    const response = await ask(path, method)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD' : null)
  })

  it('answers HEAD like GET, without the body', async () => {
    const response = await ask('/health/live', 'HEAD')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('18')
    expect(await response.text()).toBe('')
  })

  it('survives a check that throws, and tells nobody why', async () => {
    readiness = () => Promise.reject(new Error('secret'))
    const response = await ask('/health/ready')
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
    expect((await ask('/health/live')).status).toBe(200)
  })

  it('fails to start on a taken port, and names it', async () => {
    const port = management.port()
    await expect(serverAt(port).start()).rejects.toMatchObject({ code: 'EADDRINUSE', port })
  })

  it('stops at once, with scrapers and silent clients connected', async () => {
    await ask('/metrics')
    const silent = connect(management.port(), '127.0.0.1')
    await once(silent, 'connect')
    const startedAt = performance.now()
    await management.stop()
    expect(performance.now() - startedAt).toBeLessThan(500)
    await expect(ask('/health/live')).rejects.toThrow()
    silent.destroy()
  })

  function serverAt(port: number): ManagementServer {
    return createManagementServer({
      port,
      health: {
        live: () => ({ status: 200, body: { status: 'alive' } }),
        ready: () => readiness(),
      },
      metrics: createMetrics({ process: 'api' }),
      log: createLogger({ name: 'api', config: { logLevel: 'silent' } }),
    })
  }

  function ask(path: string, method = 'GET'): Promise<Response> {
    return fetch(`http://127.0.0.1:${management.port()}${path}`, { method })
  }
})
