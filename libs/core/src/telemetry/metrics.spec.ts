import { measureDatabasePool } from './database-pool.ts'
import { createMetrics } from './metrics.ts'

describe('metrics', () => {
  it('are exported from their first use on, each with the name of the process', async () => {
    const metrics = createMetrics({ process: 'api' })
    expect(await metrics.registry.metrics()).not.toContain('http_request')
    const stopTimer = metrics.httpRequestDuration.startTimer({ method: 'GET', route: '/users/:id' })
    stopTimer({ status: 200 })
    metrics.httpRequestDuration.observe({ method: 'GET', route: '/users/:id', status: 200 }, 99)
    const text = await metrics.registry.metrics()
    expect(text).toContain(
      'http_request_duration_seconds_count{process="api",method="GET",route="/users/:id",status="200"} 2',
    )
    expect(text).not.toContain('job_duration_seconds')
  })

  it('include those of Node and of the operating system', async () => {
    const text = await createMetrics({ process: 'worker' }).registry.metrics()
    expect(text).toMatch(/^process_cpu_seconds_total\{process="worker"\} /m)
    expect(text).toMatch(/^nodejs_eventloop_lag_seconds\{process="worker"\} /m)
  })

  it('of two processes in one program stay apart', async () => {
    const [api, worker] = ['api', 'worker'].map((process) => createMetrics({ process }))
    api?.redisUp.set(1)
    expect(await worker?.registry.metrics()).not.toContain('redis_up')
  })

  it('read the database pool when they are scraped', async () => {
    const metrics = createMetrics({ process: 'api' })
    const pool = { totalCount: 0, idleCount: 0, waitingCount: 0 }
    measureDatabasePool({ metrics, pool })
    Object.assign(pool, { totalCount: 10, idleCount: 3, waitingCount: 2 })
    const text = await metrics.registry.metrics()
    expect(text).toContain('database_pool_connections{state="total",process="api"} 10')
    expect(text).toContain('database_pool_connections{state="idle",process="api"} 3')
    expect(text).toContain('database_pool_connections{state="waiting",process="api"} 2')
  })
})
