import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { createQueueGauges, createTaskWorkers, defineTask, handle } from '../queue/index.ts'
import { createStore, type Store } from '../store/index.ts'
import { createMetrics } from '../telemetry/index.ts'
import { createRelay, createSubscriptions, createTaskDeliveries } from './index.ts'
import { createTestBed, type TestBed } from './testing/test-bed.ts'

const print = defineTask('shop.print', z.object({ order: z.int() }))

describe('tasks that wait for their delay', () => {
  let bed: TestBed
  let store: Store<object>
  let printed: number[]
  const printing = handle(print, ({ order }) => void printed.push(order))
  beforeEach(async () => {
    bed = await createTestBed()
    printed = []
    const { config, database, notifier: outboxNotifier, log } = bed
    store = createStore({ config, database, outboxNotifier, log }, () => ({}))
    await bed.start(relay())
  })
  afterEach(() => bed.stopAll())

  it('cost the sweep as little in Redis when they are many as when they are few', async () => {
    const asked = countLookUps()
    const counts: number[] = []
    await bed.start(bed.sweep())
    for (const total of [30, 600]) {
      await enqueue(total - (await delayedCount()), 3_600_000)
      await eventually(async () => (await delayedCount()) === total)
      asked.reset()
      await loseOne()
      counts.push(asked.count())
    }
    expect(Math.max(...counts)).toBeLessThan(30)
  })

  it('do not count among the deliveries that are owed', async () => {
    const { queues, log } = bed
    const { pool } = bed.database
    const metrics = createMetrics({ process: 'test' })
    await bed.start(createQueueGauges({ pool, queues, metrics, modules: [], log, everyMs: 50 }))
    await enqueue(3, 3_600_000)
    await enqueue(1, 0)
    const owed = async () => (await metrics.eventDeliveriesOwed.get()).values[0]?.value
    await eventually(async () => (await owed()) === 1)
    expect(await bed.deliveries()).toHaveLength(4)
  })

  it('are handed over again for when they are due', async () => {
    await enqueue(1, 3_600_000)
    await eventually(async () => (await delayedCount()) === 1)
    const { pool } = bed.database
    const { rowCount } = await pool.query(
      `WITH waiting AS (UPDATE event_delivery SET enqueued_at = NULL RETURNING event_id, listener_id)
       INSERT INTO event_due (event_id, listener_id) SELECT event_id, listener_id FROM waiting`,
    )
    expect(rowCount).toBe(1)
    const ahead = await eventually(async () => {
      const { rows } = await pool.query<{ ahead: number }>(
        'SELECT extract(epoch FROM enqueued_at - now())::float8 AS ahead FROM event_delivery',
      )
      return rows[0]?.ahead
    })
    expect(ahead).toBeGreaterThan(3_000)
  })

  it('run once, when they are due, although an emptied Redis has lost them', async () => {
    await bed.start(bed.sweep(), workers())
    const askedAt = Date.now()
    await enqueue(1, 1_500)
    await eventually(async () => (await delayedCount()) === 1)
    await bed.emptyRedis()
    await eventually(() => printed.length > 0)
    expect(Date.now() - askedAt).toBeGreaterThanOrEqual(1_400)
    await eventually(async () => (await bed.deliveries())[0]?.finished_at)
    expect(printed).toHaveLength(1)
  })

  /** Look-ups of jobs over the connection of the sweep. */
  function countLookUps() {
    const { client } = bed.queues.redis
    const send = client.sendCommand.bind(client)
    let count = 0
    client.sendCommand = (command, ...rest) => {
      if (['exists', 'zscore'].includes(command.name)) count += 1
      return send(command, ...rest)
    }
    return { count: () => count, reset: () => void (count = 0) }
  }

  /**
   * Returns when a sweep has found a task that Redis has lost, and so has gone through all before.
   */
  async function loseOne(): Promise<void> {
    const queue = bed.queues.get('shop.tasks')
    await enqueue(1, 0)
    const lost = await eventually(async () => (await queue.getWaiting())[0])
    await lost.remove()
    const back = await eventually(async () => (await queue.getWaiting())[0])
    await bed.database.pool.query(
      `UPDATE event_delivery SET finished_at = now() WHERE event_id = $1`,
      [back.id?.slice(0, 36)],
    )
    await back.remove()
  }

  async function enqueue(tasks: number, delay: number): Promise<void> {
    await store.transaction(async (store) => {
      for (let order = 0; order < tasks; order++)
        await store.tasks.enqueue(print, { order }, { delay })
    })
  }

  const delayedCount = () => bed.queues.get('shop.tasks').getDelayedCount()

  function relay() {
    const { pool } = bed.database
    const { config, queues, log } = bed
    const metrics = createMetrics({ process: 'test' })
    const subscriptions = createSubscriptions({ pool, listeners: [], tasks: [printing], log })
    return createRelay({ config, pool, queues, subscriptions, log, metrics })
  }

  function workers() {
    const { config, queues, log } = bed
    const metrics = createMetrics({ process: 'test' })
    const deliveries = createTaskDeliveries(bed.database.pool)
    return createTaskWorkers({ config, queues, log, metrics, tasks: [printing], deliveries })
  }
})
