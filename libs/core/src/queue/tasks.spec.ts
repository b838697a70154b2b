import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { pino } from 'pino'
import { z } from 'zod'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { eventually } from '../../testing/eventually.ts'
import { defineError } from '../errors/index.ts'
import { createMetrics } from '../telemetry/index.ts'
import { createQueues, type Queues } from './queues.ts'
import { defineTask, handle, type TaskHandler } from './task.ts'
import { createTaskQueue } from './task-queue.ts'
import { createTaskWorkers } from './task-workers.ts'

const log = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' })
const print = defineTask('shop.print', z.object({ orderId: z.int() }), {
  attempts: 3,
  backoffMs: 10,
  timeoutMs: 300,
})
const refused = defineError({
  kind: 'invalid',
  code: 'shop.refused',
  title: 'Refused',
  detail: 'The printer refused.',
  help: '-',
})

describe('tasks', () => {
  let queues: Queues
  let config: { appName: string; redisUrl: string; tracing: boolean }
  let stops: (() => Promise<void> | void)[]
  beforeEach(async () => {
    const appName = `test ${randomBytes(4).toString('hex')}`
    config = { appName, redisUrl: process.env['REDIS_URL'] ?? '', tracing: false }
    queues = createQueues({ config, log })
    await queues.start()
    stops = []
  })
  afterEach(async () => {
    for (const stop of stops) await stop()
    await queues.stop()
  })

  it('run with the payload that was enqueued, and keep the result', async () => {
    const id = await enqueue(7)
    work(handle(print, ({ orderId }) => ({ printed: orderId })))
    const job = await finished(id, 'completed')
    expect(job.returnvalue).toEqual({ printed: 7 })
  })

  it('are tried again with pauses, then given up', async () => {
    const attempts: number[] = []
    work(
      handle(print, (_, { attempt }) => {
        attempts.push(attempt)
        throw new Error('paper jam\nat the tray of orderId 7')
      }),
    )
    const job = await finished(await enqueue(7), 'failed')
    expect(attempts).toEqual([1, 2, 3])
    expect(job.failedReason).toBe('Error: paper jam')
  })

  it('are given up at once where a repeat cannot help', async () => {
    let attempts = 0
    work(
      handle(print, () => {
        attempts += 1
        throw refused()
      }),
    )
    const job = await finished(await enqueue(7), 'failed')
    expect(job.failedReason).toBe('shop.refused: The printer refused.')
    expect(attempts).toBe(1)
  })

  it('refuse a payload that breaks the schema when enqueued, and when taken up', async () => {
    await expect(enqueue('secret' as unknown as number)).rejects.toThrow(
      'shop.print: The payload does not match its schema: /orderId invalid_type.',
    )
    work(handle(print, () => {}))
    const added = await queues.get('shop.tasks').add('shop.print', { orderId: 'secret' })
    const job = await finished(added.id ?? '', 'failed')
    expect(job.failedReason).toMatch(/^job\.payload_invalid: .*\/orderId invalid_type\.$/)
  })

  it('fail when they take too long, and are told so', async () => {
    const reasons: unknown[] = []
    work(
      handle(print, async (_, { signal, attempt }) => {
        if (attempt > 1) return
        await once(signal, 'abort')
        reasons.push(signal.reason)
      }),
    )
    await finished(await enqueue(7), 'completed')
    expect(String(reasons[0])).toContain('did not end within its time')
  })

  it('with the same job id are there once', async () => {
    const tasks = createTaskQueue({ queues })
    await tasks.enqueue(print, { orderId: 1 }, { jobId: 'order-1' })
    await tasks.enqueue(print, { orderId: 1 }, { jobId: 'order-1' })
    expect(await queues.get('shop.tasks').getWaitingCount()).toBe(1)
  })

  it('wait for their delay', async () => {
    await createTaskQueue({ queues }).enqueue(print, { orderId: 1 }, { delay: 60_000 })
    expect(await queues.get('shop.tasks').getDelayedCount()).toBe(1)
  })

  it('may end when the process stops, which waits for them', async () => {
    let ended = false
    const started = new Promise<void>((resolve) => {
      work(
        handle(print, async () => {
          resolve()
          await new Promise((done) => setTimeout(done, 200))
          ended = true
        }),
      )
    })
    const id = await enqueue(7)
    await started
    await stops.pop()?.()
    expect(ended).toBe(true)
    expect(await queues.get('shop.tasks').getJobState(id)).toBe('completed')
  })

  it('that end early because the process stops go back without a lost attempt', async () => {
    const attempts: number[] = []
    const interruptible = handle(print, async (_, { signal, attempt }) => {
      attempts.push(attempt)
      if (attempts.length === 1) await once(signal, 'abort').then(() => signal.throwIfAborted())
    })
    work(interruptible)
    const id = await enqueue(7)
    await eventually(() => attempts.length === 1)
    await stops.pop()?.()
    work(interruptible)
    await finished(id, 'completed')
    expect(attempts).toEqual([1, 1])
  })

  it('are refused at once while Redis is away, and soon while it is frozen', async () => {
    const proxy = await startTcpProxy(config.redisUrl)
    const away = createQueues({ config: { ...config, redisUrl: proxy.url }, log })
    await away.start()
    for (const fault of ['cut', 'freeze'] as const) {
      await proxy[fault]()
      const startedAt = performance.now()
      const enqueued = createTaskQueue({ queues: away }).enqueue(print, { orderId: 1 })
      await expect(enqueued).rejects.toMatchObject({ kind: 'unavailable' })
      expect(performance.now() - startedAt).toBeLessThan(1_500)
      await proxy.restore()
      await eventually(() => away.redis.isUp())
    }
    await away.stop()
    await proxy.close()
  })

  async function enqueue(orderId: number): Promise<string> {
    return (await createTaskQueue({ queues }).enqueue(print, { orderId })).id
  }

  function work(...tasks: TaskHandler[]): void {
    const metrics = createMetrics({ process: 'test' })
    const workers = createTaskWorkers({ config, log, metrics, tasks })
    void workers.start?.()
    stops.push(() => workers.stop?.(AbortSignal.timeout(5_000)))
  }

  async function finished(id: string, state: 'completed' | 'failed') {
    const queue = queues.get('shop.tasks')
    await eventually(async () => (await queue.getJobState(id)) === state)
    const job = await queue.getJob(id)
    if (!job) throw new Error('The job is gone.')
    return job
  }
})
