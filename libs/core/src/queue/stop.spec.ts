import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import type { Component } from '../lifecycle/index.ts'
import { createMetrics } from '../telemetry/index.ts'
import { createJobWorkers } from './job-workers.ts'
import { createQueues, type Queues } from './queues.ts'
import { defineTask, handle } from './task.ts'
import { createTaskWorkers, type Delivery } from './task-workers.ts'

const log = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' })
const metrics = createMetrics({ process: 'test' })
const policy = { attempts: 2, backoffMs: 10, timeoutMs: 60_000 }

describe('a job that a worker takes just before its stop', () => {
  let config: { appName: string; redisUrl: string; tracing: boolean }
  let queues: Queues
  let runs: number
  let gate: Gate
  beforeEach(async () => {
    const appName = `test ${randomBytes(4).toString('hex')}`
    config = { appName, redisUrl: process.env['REDIS_URL'] ?? '', tracing: false }
    queues = createQueues({ config, log })
    await queues.start()
    runs = 0
    gate = createGate()
  })
  afterEach(() => queues.stop())

  it('is not begun, and waits for another worker without a lost attempt', async () => {
    const run = () => Promise.resolve(void (runs += 1))
    const mayRun = () => gate.pass().then(() => true)
    const worked = { name: 'shop.tasks', concurrency: 1, policyOf: () => policy, mayRun, run }
    const own = { config, log, metrics, name: 'test' }
    const workers = createJobWorkers({ ...own, queues: [worked] })
    workers.start()
    await stopAtGate(workers)
    expect(runs).toBe(0)

    const next = createJobWorkers({ ...own, queues: [worked] })
    next.start()
    await eventually(() => runs === 1)
    await next.stop(AbortSignal.timeout(5_000))
  })

  it('does not reach its handler any more where the database has to be asked first', async () => {
    const task = handle(defineTask('shop.print', z.object({})), () => void (runs += 1))
    const delivery: Delivery = {
      isFinished: () => gate.pass().then(() => false),
      finish: () => Promise.resolve(),
      hold: () => Promise.resolve(),
      giveUp: () => Promise.resolve(),
    }
    const deliveries = { find: () => delivery }
    const workers = createTaskWorkers({ config, queues, log, metrics, tasks: [task], deliveries })
    await workers.start?.()
    await stopAtGate(workers)
    expect(runs).toBe(0)
  })

  async function stopAtGate(workers: Component): Promise<void> {
    const job = await queues.get('shop.tasks').add('shop.print', {})
    await eventually(() => gate.isReached())
    workers.drain?.()
    gate.open()
    await workers.stop?.(AbortSignal.timeout(5_000))
    expect(await job.getState()).toBe('delayed')
    expect((await queues.get('shop.tasks').getJob(job.id ?? ''))?.attemptsMade).toBe(0)
  }
})

type Gate = ReturnType<typeof createGate>

function createGate() {
  let open = (): void => {}
  let reached = false
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { pass, isReached: () => reached, open: () => open() }

  function pass(): Promise<void> {
    reached = true
    return opened
  }
}
