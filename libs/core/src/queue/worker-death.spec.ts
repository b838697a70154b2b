import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { createMetrics } from '../telemetry/index.ts'
import { createDeadJobs } from './dead-jobs.ts'
import { createQueues, type Queues } from './queues.ts'
import { createScheduler } from './scheduler.ts'
import { createTaskQueue, type TaskQueue } from './task-queue.ts'
import { defineTask, handle } from './task.ts'
import { createWorkerProcesses, type WorkerProcess } from './testing/worker-processes.ts'

const processes = createWorkerProcesses('worker-death')
const log = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' })
const print = defineTask('shop.print', z.object({}), { attempts: 2 })
const redisUrl = process.env['REDIS_URL'] ?? ''

describe('a job whose worker', () => {
  let appName: string
  let queues: Queues
  let tasks: TaskQueue
  beforeAll(() => processes.build())
  beforeEach(async () => {
    appName = `test ${randomBytes(4).toString('hex')}`
    queues = createQueues({ config: { appName, redisUrl }, log })
    await queues.start()
    tasks = createTaskQueue({ config: { payloadLimit: 65_536 }, queues })
  })
  afterEach(async () => {
    processes.killAll()
    await queues.stop()
  })

  it('is killed again and again is taken over each time, with its id and without a lost attempt', async () => {
    const { id } = await tasks.enqueue(print, {})
    for (let deaths = 0; deaths < 4; deaths++) {
      const worker = start({ WORK_MS: '60000' })
      await worker.said('began attempt 1')
      worker.child.kill('SIGKILL')
      await worker.exited
    }
    const last = start({ WORK_MS: '0' })
    expect(await tasks.waitForResult(print, id)).toBe(last.child.pid)
  })

  it('dies of it is dead after so many deaths, and is run again when it is retried', async () => {
    const { id } = await tasks.enqueue(print, {})
    const queue = queues.get('shop.tasks')
    const { deaths, last } = await startUntilDead('shop.tasks', id)
    expect(deaths).toBe(3)
    expect((await queue.getJob(id))?.failedReason).toMatch(/^job\.kills_workers: Again and again/)
    expect(await createDeadJobs({ queues, names: ['shop.tasks'] }).retry(id)).toBe(true)
    await eventually(() => last.child.signalCode === 'SIGKILL')
  })

  it('dies of one run of a schedule makes the later ones, when that one is dead', async () => {
    const tick = handle(print, () => {}, { schedule: { everyMs: 1_000 } })
    const modules = [{ name: 'shop', tasks: [tick] }]
    const metrics = createMetrics({ process: 'test' })
    const scheduler = createScheduler({ queues, modules, log, metrics })
    await scheduler.start?.()
    const queue = queues.get('shop.tasks')
    const { id = '' } = await eventually(
      async () => (await queue.getJobs(['waiting', 'delayed']))[0],
    )
    const { deaths, last } = await startUntilDead('shop.tasks', id)
    expect(deaths).toBe(3)
    expect((await queue.getJob(id))?.failedReason).toMatch(/^job\.kills_workers: /)
    const ended = () => last.lines.filter((line) => line.includes('"ended"')).length
    const before = ended()
    await eventually(() => ended() >= before + 2)
    await scheduler.stop?.(AbortSignal.timeout(5_000))
  })

  it('is told to stop ends first', async () => {
    const { id } = await tasks.enqueue(print, {})
    const worker = start({ WORK_MS: '400' })
    await worker.said('began')
    worker.child.kill('SIGTERM')
    expect(await worker.exited).toBe(0)
    expect(await tasks.find(print, id)).toMatchObject({ state: 'completed' })
  })

  it('is told to stop and cannot wait for it runs elsewhere', async () => {
    const { id } = await tasks.enqueue(print, {})
    const worker = start({ WORK_MS: '60000' })
    await worker.said('began')
    worker.child.kill('SIGTERM')
    expect(await worker.exited).toBe(0)
    const other = start({ WORK_MS: '0' })
    expect(await tasks.waitForResult(print, id)).toBe(other.child.pid)
  })

  it('is told to stop while Redis is frozen does not keep the process', async () => {
    const proxy = await startTcpProxy(redisUrl)
    const { id } = await tasks.enqueue(print, {})
    const worker = start({ WORK_MS: '200', REDIS_URL: proxy.url })
    await worker.said('began')
    proxy.freeze()
    worker.child.kill('SIGTERM')
    expect(await worker.exited).toBe(0)
    await proxy.close()
    const other = start({ WORK_MS: '0' })
    expect(await tasks.waitForResult(print, id)).toBe(other.child.pid)
  })

  it('is without Redis for a while is finished after, and no line is written for each try', async () => {
    const proxy = await startTcpProxy(redisUrl)
    const worker = start({ WORK_MS: '0', REDIS_URL: proxy.url })
    const first = await tasks.enqueue(print, {})
    await tasks.waitForResult(print, first.id)
    await proxy.cut()
    const { id } = await tasks.enqueue(print, {})
    await worker.said('taking jobs fails')
    const told = worker.lines.length
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(worker.lines.length - told).toBeLessThan(4)
    await proxy.restore()
    expect(await tasks.waitForResult(print, id)).toBe(worker.child.pid)
    await proxy.close()
  })

  it('started before Redis did is run when Redis comes', async () => {
    const proxy = await startTcpProxy(redisUrl)
    await proxy.cut()
    const { id } = await tasks.enqueue(print, {})
    const worker = start({ WORK_MS: '0', REDIS_URL: proxy.url })
    await worker.said('taking jobs fails')
    await proxy.restore()
    expect(await tasks.waitForResult(print, id)).toBe(worker.child.pid)
    await proxy.close()
  })

  /** As an orchestrator does: each worker that dies is started again. */
  async function startUntilDead(queue: string, id: string) {
    for (let deaths = 0; deaths < 6; deaths++) {
      const last = start({ DEADLY: id, MOST_DEATHS: '2' })
      const isDead = async () => (await queues.get(queue).getJobState(id)) === 'failed'
      await eventually(async () => !last.isRunning() || (await isDead()))
      if (await isDead()) return { deaths, last }
    }
    throw new Error('The job is taken over without an end.')
  }

  function start(environment: Record<string, string>): WorkerProcess {
    return processes.start({ APP_NAME: appName, REDIS_URL: redisUrl, ...environment })
  }
})
