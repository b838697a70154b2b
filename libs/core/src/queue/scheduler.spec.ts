import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { pino } from 'pino'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import type { Component } from '../lifecycle/index.ts'
import { bullPrefix } from '../redis/index.ts'
import { createMetrics } from '../telemetry/index.ts'
import { findStretches } from './clock-changes.ts'
import { createQueues, type Queues } from './queues.ts'
import { createScheduler } from './scheduler.ts'
import type { Schedule } from './schedule.ts'
import { defineTask, handle, type TaskHandler } from './task.ts'
import { createTaskWorkers } from './task-workers.ts'

const log = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' })
const metrics = createMetrics({ process: 'test' })

describe('the scheduler', () => {
  let queues: Queues
  let config: { appName: string; redisUrl: string; tracing: boolean }
  let started: Component[]
  beforeEach(async () => {
    const appName = `test ${randomBytes(4).toString('hex')}`
    config = { appName, redisUrl: process.env['REDIS_URL'] ?? '', tracing: false }
    queues = createQueues({ config, log })
    await queues.start()
    started = []
  })
  afterEach(async () => {
    for (const component of started) await component.stop?.(AbortSignal.timeout(5_000))
    await queues.stop()
  })

  it('adds, changes and removes schedules as they are declared', async () => {
    await schedule({ 'shop.purge': { cron: '17 3 * * *' }, 'shop.count': { everyMs: 3_600_000 } })
    expect(await eventually(() => existing(2))).toEqual({
      'shop.purge': '17 3 * * * UTC',
      'shop.count': 'every 3600000',
    })
    await stopAll()
    await schedule({ 'shop.purge': { cron: '0 4 * * 1', timeZone: 'Europe/Vienna' } })
    await eventually(async () => (await existing())['shop.purge'] === '0 4 * * 1 Europe/Vienna')
    expect(await existing(1)).toEqual({ 'shop.purge': '0 4 * * 1 Europe/Vienna' })
    await stopAll()
    await schedule({})
    await eventually(async () => Object.keys(await existing()).length === 0)
    expect(await queues.get('shop.tasks').getDelayedCount()).toBe(0)
  })

  it('of the release that was started last has its way beside another, also after a way back', async () => {
    const hourly = { 'shop.count': { everyMs: 3_600_000 }, 'shop.purge': { everyMs: 60_000 } }
    const daily = { 'shop.count': { everyMs: 86_400_000 } }
    await schedule(hourly)
    await eventually(() => existing(2))
    await schedule(daily)
    await eventually(async () => (await existing())['shop.count'] === 'every 86400000')
    expect(await keepsAt({ 'shop.count': 'every 86400000' })).toBe(true)
    await schedule(hourly)
    await eventually(async () => (await existing())['shop.count'] === 'every 3600000')
    expect(await keepsAt({ 'shop.count': 'every 3600000', 'shop.purge': 'every 60000' })).toBe(true)
  })

  it('takes a schedule along when a task gets a limit, and when it loses it', async () => {
    const hourly = { schedule: { everyMs: 3_600_000 } }
    const ids = async (name: string) =>
      (await queues.get(name).getJobSchedulers()).map(({ key }) => key)
    const move = async (from: string, to: string, limits: { concurrency?: number }) => {
      const task = defineTask('shop.count', z.object({}), limits)
      await run(scheduler([handle(task, () => {}, hourly)]))
      await eventually(async () => (await ids(to)).length === 1)
      expect(await ids(from)).toEqual([])
      await stopAll()
    }
    await move('shop.count', 'shop.tasks', {})
    await move('shop.tasks', 'shop.count', { concurrency: 1 })
    await move('shop.count', 'shop.tasks', {})
  })

  it('leaves an unchanged schedule as it is, also beside another scheduler', async () => {
    const schedules = { 'shop.count': { everyMs: 3_600_000 }, 'shop.purge': { cron: '17 3 * * *' } }
    await schedule(schedules)
    await schedule(schedules)
    await eventually(() => existing(2))
    const before = await queues.get('shop.tasks').getJobSchedulers()
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(await queues.get('shop.tasks').getJobSchedulers()).toEqual(before)
    expect(await queues.get('shop.tasks').getJobCountByTypes('delayed', 'waiting')).toBe(2)
  })

  it('brings schedules back when Redis was emptied', async () => {
    await schedule({ 'shop.purge': { cron: '17 3 * * *' } })
    await eventually(() => existing(1))
    const { client } = queues.redis
    await client.del(...(await client.keys(`${bullPrefix(config)}:*`)))
    await eventually(() => existing(1))
  })

  it('starts without Redis, and outlives one that is frozen', async () => {
    const proxy = await startTcpProxy(config.redisUrl)
    await proxy.cut()
    const away = createQueues({ config: { ...config, redisUrl: proxy.url }, log })
    await away.start()
    const task = handle(defineTask('shop.purge', z.object({})), () => {}, {
      schedule: { cron: '17 3 * * *' },
    })
    const modules = [{ name: 'shop', tasks: [task] }]
    await run(createScheduler({ queues: away, modules, log, metrics, everyMs: 100 }))
    await proxy.restore()
    await eventually(() => existing(1))
    proxy.freeze()
    await new Promise((resolve) => setTimeout(resolve, 300))
    const { client } = queues.redis
    await client.del(...(await client.keys(`${bullPrefix(config)}:*`)))
    await proxy.restore()
    await eventually(() => existing(1))
    await stopAll()
    await away.stop()
    await proxy.close()
  })

  it('brings a schedule back whose waiting job was deleted', async () => {
    await schedule({ 'shop.purge': { cron: '17 3 * * *' } })
    await eventually(() => existing(1))
    await stopAll()
    const queue = queues.get('shop.tasks')
    await queue.drain(true)
    const past = Date.now() - 120_000
    await queues.redis.client.zadd(queue.toKey('repeat'), past, 'shop.purge')
    await schedule({ 'shop.purge': { cron: '17 3 * * *' } })
    await eventually(async () => (await queue.getDelayedCount()) === 1)
  })

  it.each([
    ['every 250 ms', { everyMs: 250 }, 250],
    ['by a cron expression', { cron: '* * * * * *' }, 1_000],
  ])(
    'lets a tick run once with two schedulers and two workers: %s',
    async (...[, often, stepMs]) => {
      const ticks: number[] = []
      const count = defineTask('shop.count', z.object({}))
      // BullMQ names the job of a tick `repeat:<schedule>:<time of the tick>`.
      const tick = handle(count, (_, { id }) => void ticks.push(Number(id.split(':').at(-1))), {
        schedule: often,
      })
      const shop = { name: 'shop', tasks: [tick] }
      for (let copies = 0; copies < 2; copies++) {
        await run(createScheduler({ queues, modules: [shop], log, metrics, everyMs: 100 }))
        await run(createTaskWorkers({ config, queues, log, metrics, tasks: [tick] }))
      }
      await eventually(() => ticks.length >= 5)
      const [first = 0] = ticks
      expect(ticks).toEqual(ticks.map((_, index) => first + index * stepMs))
    },
  )

  it('keeps a run at midnight where the clock skips it, whether the scheduler or a worker makes it', async () => {
    const timeZone = 'Asia/Beirut'
    const day = 86_400_000
    const { start, offset, jump } = findStretches(
      timeZone,
      Date.now() + 2 * day,
      Date.now() + 368 * day,
    ).find((stretch) => stretch.jump > 0)!
    const midnight = new Date(start + offset - jump)
    const date = midnight.getUTCDate()
    const cron = `0 0 ${date - 1},${date} ${midnight.getUTCMonth() + 1} *`
    const task = handle(defineTask('shop.close', z.object({})), () => {}, {
      schedule: { cron, timeZone },
    })
    const queue = queues.get('shop.tasks')
    const next = async () => (await queue.getJobSchedulers())[0]?.next
    await run(scheduler([task]))
    await eventually(async () => (await next()) === start - day)
    await run(createTaskWorkers({ config, queues, log, metrics, tasks: [task] }))
    const [waiting] = await queue.getDelayed()
    await waiting?.promote()
    await eventually(async () => (await next()) === start)
  })

  it('keeps to the queues of its modules', async () => {
    await queues.get('other.tasks').upsertJobScheduler('other.task', { every: 3_600_000 })
    await schedule({})
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await queues.get('other.tasks').getJobSchedulersCount()).toBe(1)
  })

  it('tells how many runs a schedule missed while nobody could run it', async () => {
    const runs: Date[] = []
    const task = defineTask('shop.late', z.object({}))
    const late = handle(task, (_, { scheduledFor }) => void runs.push(scheduledFor as Date), {
      schedule: { everyMs: 200 },
    })
    await run(scheduler([late]))
    const { next = 0 } = await eventually(async () =>
      (await queues.get('shop.tasks').getJobSchedulers()).at(0),
    )
    await eventually(() => Date.now() > next + 700)
    await run(createTaskWorkers({ config, queues, log, metrics, tasks: [late] }))
    await eventually(() => runs.length > 1)
    expect(await missed('shop.late')).toBeGreaterThanOrEqual(3)
    expect(runs[0]).toEqual(new Date(next))
  })

  it('tells the runs that were lost with the data of Redis', async () => {
    await schedule({ 'shop.lost': { everyMs: 300 } })
    await eventually(() => existing(1))
    const queue = queues.get('shop.tasks')
    const { next = 0 } = (await queue.getJobSchedulers())[0] ?? {}
    const { client } = queues.redis
    await eventually(() => Date.now() > next)
    await client.del(...(await client.keys(`${bullPrefix(config)}:*`)))
    expect(await eventually(() => missed('shop.lost'))).toBeGreaterThanOrEqual(1)
  })

  it('keeps the concurrency of a task over all workers, and lets go of one that is no longer declared', async () => {
    const queue = queues.get('shop.print')
    const two = handle(defineTask('shop.print', z.object({}), { concurrency: 2 }), () => {})
    await run(scheduler([two]))
    await eventually(async () => (await queue.getGlobalConcurrency()) === 2)
    await stopAll()
    const rate = { max: 5, perMs: 1_000 }
    await run(scheduler([handle(defineTask('shop.print', z.object({}), { rate }), () => {})]))
    await eventually(async () => (await queue.getGlobalConcurrency()) === null)
  })

  it('refuses a schedule whose payload breaks the schema', () => {
    const task = defineTask('shop.print', z.object({ orderId: z.int() }))
    expect(() => handle(task, () => {}, { schedule: { everyMs: 1_000 } })).toThrow()
  })

  async function schedule(schedules: Record<string, Schedule>): Promise<void> {
    const tasks = Object.entries(schedules).map(([name, declared]) =>
      handle(defineTask(name, z.object({})), () => {}, { schedule: declared }),
    )
    await run(scheduler(tasks))
  }

  function scheduler(tasks: TaskHandler[]): Component {
    const modules = [{ name: 'shop', tasks }]
    return createScheduler({ queues, modules, log, metrics, everyMs: 100 })
  }

  /** Whether ten looks of each scheduler that runs change nothing. */
  async function keepsAt(schedules: Record<string, string>): Promise<boolean> {
    for (const until = Date.now() + 1_000; Date.now() < until;) {
      if (!isDeepStrictEqual(await existing(), schedules)) return false
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return true
  }

  async function missed(task: string): Promise<number | undefined> {
    const { values } = await metrics.scheduleRunsMissed.get()
    return values.find(({ labels }) => labels.task === task)?.value
  }

  async function run(component: Component): Promise<void> {
    started.unshift(component)
    await component.start?.()
  }

  async function stopAll(): Promise<void> {
    for (const component of started.splice(0)) await component.stop?.(AbortSignal.timeout(5_000))
  }

  async function existing(): Promise<Record<string, string>>
  async function existing(count: number): Promise<Record<string, string> | undefined>
  async function existing(count?: number) {
    const schedulers = await queues.get('shop.tasks').getJobSchedulers()
    if (count !== undefined && schedulers.length !== count) return undefined
    return Object.fromEntries(
      schedulers.map(({ key, pattern, tz, every }) => [
        key,
        pattern ? `${pattern} ${tz}` : `every ${every}`,
      ]),
    )
  }
})
