import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { createTaskWorkers, defineTask, handle, type TaskHandler } from '../queue/index.ts'
import { createStore, type Store } from '../store/index.ts'
import { createMetrics } from '../telemetry/index.ts'
import { createRelay, createSubscriptions, createTaskDeliveries } from './index.ts'
import { createTestBed, type TestBed } from './testing/test-bed.ts'

const print = defineTask('shop.print', z.object({ orderId: z.int() }), {
  attempts: 2,
  backoffMs: 10,
})

describe('a task that was enqueued in a transaction', () => {
  let bed: TestBed
  let store: Store<object>
  let printed: number[]
  const printing = handle(print, ({ orderId }) => void printed.push(orderId))
  beforeEach(async () => {
    bed = await createTestBed()
    printed = []
    const { config, database, notifier: outboxNotifier, log } = bed
    store = createStore({ config, database, outboxNotifier, log }, () => ({}))
  })
  afterEach(() => bed.stopAll())

  it('runs after the commit, and never after a rollback', async () => {
    await bed.start(relay([printing]), workers(printing))
    const failure = new Error('no')
    const failing = store.transaction(async (store) => {
      await store.tasks.enqueue(print, { orderId: 1 })
      throw failure
    })
    await expect(failing).rejects.toBe(failure)
    await store.transaction((store) => store.tasks.enqueue(print, { orderId: 2 }))
    await store.tasks.enqueue(print, { orderId: 3 })
    await eventually(() => printed.length === 2)
    expect(printed.toSorted()).toEqual([2, 3])
    await eventually(async () => (await bed.deliveries()).every((row) => row.finished_at))
  })

  it('keeps its options', async () => {
    await bed.start(relay([printing]))
    await store.tasks.enqueue(print, { orderId: 1 }, { delay: 60_000, priority: 3, attempts: 7 })
    const job = await eventually(async () => (await bed.queues.get('shop.tasks').getDelayed())[0])
    expect(job).toMatchObject({
      name: 'shop.print',
      data: { orderId: 1 },
      opts: { priority: 3, attempts: 7 },
    })
    expect(job.opts.delay).toBeGreaterThan(50_000)
    expect(job.opts.delay).toBeLessThanOrEqual(60_000)
  })

  it('counts its delay from when it was asked for, however late it is handed over', async () => {
    await store.tasks.enqueue(print, { orderId: 1 }, { delay: 60_000 })
    await bed.database.pool.query(
      `UPDATE outbox_event SET occurred_at = now() - interval '59 seconds'`,
    )
    await store.tasks.enqueue(print, { orderId: 2 }, { delay: 60_000 })
    await bed.database.pool.query(
      `UPDATE outbox_event SET occurred_at = now() - interval '61 seconds' WHERE payload->'data'->>'orderId' = '2'`,
    )
    await bed.start(relay([printing]))
    const queue = bed.queues.get('shop.tasks')
    const late = await eventually(async () => (await queue.getDelayed())[0])
    expect(late.data).toEqual({ orderId: 1 })
    expect(late.opts.delay).toBeLessThanOrEqual(1_000)
    const over = await eventually(async () => (await queue.getWaiting())[0])
    expect(over.data).toEqual({ orderId: 2 })
  })

  it('is refused with a payload or an option that cannot be', async () => {
    const wrong = store.tasks.enqueue(print, { orderId: 'secret' } as never)
    await expect(wrong).rejects.toThrow('/orderId invalid_type')
    await expect(store.tasks.enqueue(print, { orderId: 1 }, { attempts: 0 })).rejects.toThrow(
      'attempts is 0',
    )
    expect(await bed.deliveries()).toEqual([])
  })

  it('runs although Redis was emptied before, once', async () => {
    await bed.start(relay([printing]))
    await store.tasks.enqueue(print, { orderId: 1 })
    const queue = bed.queues.get('shop.tasks')
    await eventually(async () => (await queue.getWaitingCount()) === 1)
    await bed.emptyRedis()
    await bed.start(bed.sweep(), workers(printing))
    await eventually(async () => (await bed.deliveries())[0]?.finished_at)
    await bed.emptyRedis()
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(printed).toEqual([1])
  })

  it('runs although no worker had told that it knows the task', async () => {
    await bed.start(relay([]), bed.sweep(), workers(printing))
    await store.tasks.enqueue(print, { orderId: 1 })
    await eventually(() => printed.length === 1)
  })

  it('that was done is not done again', async () => {
    await bed.start(relay([printing]), workers(printing))
    await store.tasks.enqueue(print, { orderId: 1 })
    const delivery = await eventually(async () =>
      (await bed.deliveries()).find((row) => row.finished_at),
    )
    const jobId = `${delivery.event_id}.shop.print`
    const queue = bed.queues.get('shop.tasks')
    await eventually(async () => (await queue.getJobState(jobId)) === 'completed')
    await queue.remove(jobId)
    await queue.add('shop.print', { orderId: 1 }, { jobId })
    await eventually(async () => (await queue.getJobState(jobId)) === 'completed')
    expect(printed).toEqual([1])
  })

  it('that is given up is a dead delivery with its reason, and is finished by a retry', async () => {
    let jammed = true
    const jam = handle(print, () => {
      if (jammed) throw new Error('paper jam')
    })
    await bed.start(relay([jam]), workers(jam))
    await store.tasks.enqueue(print, { orderId: 1 })
    const dead = await eventually(async () => (await bed.deliveries()).find((row) => row.dead_at))
    expect(dead.error).toBe('Error: paper jam')
    const queue = bed.queues.get('shop.tasks')
    const job = await eventually(async () => (await queue.getFailed())[0])
    jammed = false
    await job.retry()
    await eventually(async () => (await bed.deliveries())[0]?.finished_at)
  })

  function relay(tasks: readonly TaskHandler[]) {
    const { pool } = bed.database
    const { config, queues, log } = bed
    const metrics = createMetrics({ process: 'test' })
    const subscriptions = createSubscriptions({ pool, listeners: [], tasks, log })
    return createRelay({ config, pool, queues, subscriptions, log, metrics })
  }

  function workers(...tasks: TaskHandler[]) {
    const { config, queues, log } = bed
    const metrics = createMetrics({ process: 'test' })
    const deliveries = createTaskDeliveries(bed.database.pool)
    return createTaskWorkers({ config, queues, log, metrics, tasks, deliveries })
  }
})
