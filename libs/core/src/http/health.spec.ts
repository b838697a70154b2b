import { setTimeout as wait } from 'node:timers/promises'
import { createHealth, type HealthCheck } from './health.ts'
import { serve } from './testing/serve.ts'

const up = async () => undefined
const down = async () => Promise.reject(new Error('secret of the database'))
const silent = () => new Promise<never>(() => undefined)

describe('health', () => {
  it.each<[checks: HealthCheck[], status: number, seen: object]>([
    [[], 200, {}],
    [[{ name: 'database', required: true, check: up }], 200, { database: 'up' }],
    [[{ name: 'redis', required: false, check: down }], 200, { redis: 'down' }],
    [[{ name: 'database', required: true, check: down }], 503, { database: 'down' }],
    [[{ name: 'database', required: true, check: silent }], 503, { database: 'down' }],
  ])('is ready when everything required is up: %j is %i', async (checks, status, seen) => {
    const server = await serve({ checks })
    const response = await fetch(`${server.url}/health/ready`)
    expect(response.status).toBe(status)
    const body = (await response.json()) as Record<string, unknown>
    expect(body['checks']).toEqual(seen)
    expect(JSON.stringify(body)).not.toContain('secret')
    if (status === 200) expect(body['status']).toBe('ready')
    else {
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(response.headers.get('retry-after')).toBe('1')
      expect(body).toMatchObject({
        status: 503,
        code: 'service.not_ready',
        instance: '/health/ready',
      })
    }
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200)
    await server.stop()
  })

  it('is not ready any more once the process stops', async () => {
    const health = createHealth({ checks: [], problemBaseUrl: 'https://api.test/problems' })
    health.startDraining()
    expect(await health.ready()).toMatchObject({ status: 503 })
    expect(health.live()).toMatchObject({ status: 200 })
  })

  it('asks its checks at most once in a while, however many probes come', async () => {
    let asked = 0
    const check = async () => asked++
    const health = createHealth({
      checks: [{ name: 'database', required: true, check }],
      problemBaseUrl: 'https://api.test/problems',
      maxAgeMs: 50,
    })
    await Promise.all(Array.from({ length: 20 }, () => health.ready()))
    expect(asked).toBe(1)
    await wait(60)
    await health.ready()
    expect(asked).toBe(2)
  })

  it('tells its checks to give up in time', async () => {
    let given: AbortSignal | undefined
    const check = (signal: AbortSignal) => {
      given = signal
      return silent()
    }
    const health = createHealth({
      checks: [{ name: 'database', required: true, check }],
      problemBaseUrl: 'https://api.test/problems',
      timeoutMs: 20,
    })
    await health.ready()
    expect(given?.aborted).toBe(true)
  })
})
