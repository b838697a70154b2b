import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { defineEvent, on } from '@ashlar/core/events'
import type { FeatureModule } from '@ashlar/core/module'
import { createScheduler, defineTask, handle } from '@ashlar/core/queue'
import { createStore, type Store } from '@ashlar/core/store'
import {
  createTestCore,
  eventually,
  startWorker,
  type TestCore,
  type TestWorker,
} from '@ashlar/core/testing'
import { startOwnServers, type OwnServers } from './own-servers.ts'

const shipped = defineEvent('shop.order-shipped', z.object({ orderId: z.int() }))
const print = defineTask('shop.print', z.object({ orderId: z.int() }))
const watchMs = 3_000

describe('while Redis refuses to write', () => {
  let servers: OwnServers
  let test: TestCore
  let worker: TestWorker
  let store: Store<object>
  let done: string[]
  beforeAll(async () => {
    servers = await startOwnServers()
  })
  afterAll(() => servers.stop())
  beforeEach(async () => {
    test = await createTestCore({ environment: { REDIS_URL: servers.redisUrl } })
    store = createStore(test.core, () => ({}))
    done = []
    const shop: FeatureModule = {
      name: 'shop',
      listeners: [on(shipped, 'shop.tell', ({ orderId }) => void done.push(`event ${orderId}`))],
      tasks: [
        handle(print, ({ orderId }) => void done.push(`task ${orderId}`), {
          schedule: { everyMs: 3_600_000, payload: { orderId: 0 } },
        }),
      ],
      gateway: undefined,
    }
    worker = await startWorker(test.core, [shop])
    const { queues, log, metrics } = test.core
    const scheduler = createScheduler({ queues, log, metrics, modules: [shop], everyMs: 200 })
    await scheduler.start?.()
    const stopWorker = worker.stop
    worker.stop = async () => {
      await scheduler.stop?.(AbortSignal.timeout(5_000))
      await stopWorker()
    }
    await eventually(() => done.includes('task 0'))
  })
  afterEach(async () => {
    await worker.stop()
    await test.stop()
  })

  it.each([
    ['it is full', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
    ['it is read-only', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
  ])(
    'because %s, events and tasks wait in the outbox, and the log stays readable',
    async (...[, fault, cure]) => {
      await order(fault)
      const told = test.lines.length
      await store.transaction(async (store) => {
        await store.events.publish(shipped, { orderId: 1 })
        await store.tasks.enqueue(print, { orderId: 1 })
      })
      await expect(test.core.tasks.enqueue(print, { orderId: 2 })).rejects.toMatchObject({
        kind: 'unavailable',
      })
      await sleep(watchMs)
      const lines = test.lines.slice(told)
      expect(lines.map(({ msg }) => msg)).toContain('the outbox relay fails')
      expect(lines.length / (watchMs / 1_000)).toBeLessThan(10)
      expect(
        await test.core.database.client.outboxEvent.count({ where: { publishedAt: null } }),
      ).toBe(2)
      await order(cure)
      await eventually(() => done.includes('event 1') && done.includes('task 1'))
    },
  )

  /** Over a connection that nothing else uses. */
  async function order([command = '', ...args]: string[]): Promise<void> {
    await eventually(() => test.core.redis.isUp())
    await test.core.redis.client.call(command, ...args)
  }
})
