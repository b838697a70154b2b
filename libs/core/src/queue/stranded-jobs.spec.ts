import { randomBytes } from 'node:crypto'
import type { Job } from 'bullmq'
import { pino } from 'pino'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { createMetrics } from '../telemetry/index.ts'
import { createQueues, type Queues } from './queues.ts'
import { defineTask, handle, type TaskHandler } from './task.ts'
import { createTaskQueue, type TaskQueue } from './task-queue.ts'
import { createTaskWorkers } from './task-workers.ts'

const log = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' })
const Order = z.object({ orderId: z.int() })
const print = defineTask('shop.print', Order)
const limited = defineTask('shop.print', Order, { concurrency: 1 })

describe('a job from before a deployment', () => {
  let queues: Queues
  let tasks: TaskQueue
  let config: { appName: string; redisUrl: string; tracing: boolean; payloadLimit: number }
  let stops: (() => Promise<void> | void)[]
  beforeEach(async () => {
    const appName = `test ${randomBytes(4).toString('hex')}`
    config = {
      appName,
      redisUrl: process.env['REDIS_URL'] ?? '',
      tracing: false,
      payloadLimit: 65_536,
    }
    queues = createQueues({ config, log })
    tasks = createTaskQueue({ config, queues })
    await queues.start()
    stops = []
  })
  afterEach(async () => {
    for (const stop of stops) await stop()
    await queues.stop()
  })

  it('of a task that has a limit since today is still run in the queue of its module', async () => {
    const { id } = await tasks.enqueue(print, { orderId: 7 })
    work(handle(limited, () => {}))
    await endsAs('completed', id, 'shop.tasks')
  })

  it('of a task that has lost its limits is run, and found when it is dead', async () => {
    work(handle(print, () => {}))
    const { id } = await tasks.enqueue(limited, { orderId: 7 })
    await endsAs('completed', id, 'shop.print')
    expect(await queues.findUsed(['shop.print'])).toEqual([])
    await stops.shift()?.()
    const { id: faulty } = await tasks.enqueue(limited, { orderId: 8 }, { attempts: 1 })
    work(handle(print, () => Promise.reject(new Error('paper jam'))))
    await endsAs('failed', faulty, 'shop.print')
    expect(await queues.findUsed(['shop.count', 'shop.print'])).toEqual(['shop.print'])
  })

  it('of a task that has lost its limits is run also when Redis comes after the worker', async () => {
    const { id } = await tasks.enqueue(limited, { orderId: 7 })
    const proxy = await startTcpProxy(config.redisUrl)
    await proxy.cut()
    const away = { ...config, redisUrl: proxy.url }
    const late = createQueues({ config: away, log })
    await late.start()
    stops.push(late.stop, proxy.close)
    work(
      handle(print, () => {}),
      { config: away, queues: late },
    )
    await proxy.restore()
    await endsAs('completed', id, 'shop.print')
  })

  it('of a task that no worker knows comes back ever more rarely, and is dead after a week', async () => {
    work(handle(print, () => {}))
    const queue = queues.get('shop.tasks')
    const delayOf = async ({ id = '' }: Job) => (await queue.getJob(id))?.delay
    const gone = await queue.add('shop.gone', {})
    const pauses: unknown[] = []
    for (let looks = 0; looks < 8; looks += 1) {
      await eventually(() => gone.isDelayed())
      pauses.push(await delayOf(gone))
      await gone.promote()
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300].map((seconds) => seconds * 1_000))
    const week = 7 * 86_400_000
    const timestamp = Date.now() - week - 1_000
    const { id: old = '' } = await queue.add('shop.gone', {}, { timestamp })
    await endsAs('failed', old, 'shop.tasks')
    expect((await queue.getJob(old))?.failedReason).toMatch(/^job.nobody_knows: For seven days/)
    const late = await queue.add('shop.gone', {}, { timestamp, delay: week })
    await eventually(async () => (await delayOf(late)) === 5_000)
  })

  function work(handler: TaskHandler, own = { config, queues }): void {
    const metrics = createMetrics({ process: 'test' })
    const workers = createTaskWorkers({ ...own, log, metrics, tasks: [handler], lookEveryMs: 50 })
    void workers.start?.()
    stops.unshift(() => workers.stop?.(AbortSignal.timeout(5_000)))
  }

  const endsAs = (state: string, id: string, queue: string) =>
    eventually(async () => (await queues.get(queue).getJobState(id)) === state)
})
