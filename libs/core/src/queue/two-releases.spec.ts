import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import type { Component } from '../lifecycle/index.ts'
import { bullPrefix } from '../redis/index.ts'
import { createMetrics } from '../telemetry/index.ts'
import { createQueues, type Queues } from './queues.ts'
import { createScheduler } from './scheduler.ts'
import type { Schedule } from './schedule.ts'
import { defineTask, handle, type TaskHandler } from './task.ts'
import { createTaskWorkers } from './task-workers.ts'

const log = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' })
const metrics = createMetrics({ process: 'test' })
const count = defineTask('shop.count', z.object({}))
const lookMs = 50
const manyLooks = 20

describe('schedulers of two releases side by side', () => {
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
    for (const component of started) await stop(component)
    await queues.stop()
  })

  it.each<[string, Schedule, Schedule]>([
    ['intervals', { everyMs: 3_600_000 }, { everyMs: 7_200_000 }],
    ['cron expressions', { cron: '17 3 1 1 *' }, { cron: '18 4 1 2 *' }],
    ['an interval and a cron expression', { cron: '17 3 1 1 *' }, { everyMs: 7_200_000 }],
    ['payloads', { everyMs: 3_600_000 }, { everyMs: 3_600_000, payload: { half: true } }],
  ])('keep the schedule of the one that was started last: %s', async (...[, older, newer]) => {
    let runs = 0
    const tasks = [handle(defineTask('shop.count', z.looseObject({})), () => void (runs += 1))]
    await start(createTaskWorkers({ config, queues, log, metrics, tasks }))
    const old = await release([scheduled(older)])
    await eventually(kept)
    const now = await release([scheduled(newer)])
    await eventually(() => keeps(newer))
    // A changed interval runs its task at once, and then no more.
    await seenInLooks(kept)
    expect(await seenInLooks(async () => [await kept(), runs])).toHaveLength(1)

    await stop(now)
    await eventually(() => keeps(older))
    await release([scheduled(newer)])
    await eventually(() => keeps(newer))
    await release([scheduled(older)])
    await eventually(() => keeps(older))
    await stop(old)
    expect(await seenInLooks(() => keeps(older))).toEqual([true])
  })

  it('leave out a schedule that the one started last does not have', async () => {
    await release([scheduled({ cron: '17 3 1 1 *' })])
    await eventually(kept)
    await release([handle(count, () => {})])
    await eventually(async () => !(await kept()))
    expect(await seenInLooks(kept)).toEqual([undefined])
    expect(await queues.get('shop.tasks').getJobCountByTypes('delayed', 'waiting')).toBe(0)
  })

  it('keep the concurrency of the one that was started last', async () => {
    const limited = (concurrency: number) =>
      handle(defineTask('shop.print', z.object({}), { concurrency }), () => {})
    const written = () => queues.get('shop.print').getGlobalConcurrency()
    await release([limited(2)])
    await eventually(async () => (await written()) === 2)
    await release([limited(5)])
    await eventually(async () => (await written()) === 5)
    expect(await seenInLooks(written)).toEqual([5])
  })

  it('agree again after Redis was emptied', async () => {
    const newer = { everyMs: 7_200_000 }
    await release([scheduled({ everyMs: 3_600_000 })])
    await release([scheduled(newer)])
    await eventually(() => keeps(newer))
    const { client } = queues.redis
    await client.del(...(await client.keys(`${bullPrefix(config)}:*`)))
    await eventually(() => keeps(newer))
    expect(await seenInLooks(() => keeps(newer))).toEqual([true])
  })

  const scheduled = (schedule: Schedule): TaskHandler =>
    handle(defineTask('shop.count', z.looseObject({})), () => {}, { schedule })

  /** The different values that a probe has while each scheduler looks many times. */
  async function seenInLooks<T>(probe: () => Promise<T>): Promise<T[]> {
    const seen = new Map<string | undefined, T>()
    for (let probes = 0; probes < 2 * manyLooks; probes++) {
      const value = await probe()
      seen.set(JSON.stringify(value), value)
      await sleep(lookMs / 2)
    }
    return [...seen.values()]
  }

  async function kept() {
    const [schedule] = await queues.get('shop.tasks').getJobSchedulers()
    return schedule
  }

  async function keeps(schedule: Schedule): Promise<boolean> {
    const { every, pattern, template } = (await kept()) ?? {}
    const isTime =
      'cron' in schedule ? pattern === schedule.cron : Number(every) === schedule.everyMs
    const payload = schedule.payload ?? {}
    return isTime && JSON.stringify(template?.data ?? {}) === JSON.stringify(payload)
  }

  async function release(tasks: TaskHandler[]): Promise<Component> {
    const modules = [{ name: 'shop', tasks }]
    return start(createScheduler({ queues, modules, log, metrics, everyMs: lookMs }))
  }

  async function start(component: Component): Promise<Component> {
    started.unshift(component)
    await component.start?.()
    return component
  }

  async function stop(component: Component): Promise<void> {
    started = started.filter((each) => each !== component)
    await component.stop?.(AbortSignal.timeout(5_000))
  }
})
