import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { pino } from 'pino'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { mostDeaths } from './job-attempt.ts'
import { createQueues, type Queues } from './queues.ts'
import { createTaskQueue, type TaskQueue } from './task-queue.ts'
import { defineTask } from './task.ts'

const root = join(__dirname, '..', '..', '..', '..')
const bundle = join(root, '.ashlar', 'cache', 'specs', 'worker-process.cjs')
const entry = 'libs/core/src/queue/fixtures/worker-process.ts'
const print = defineTask('shop.print', z.object({}), { attempts: 2 })
const redisUrl = process.env['REDIS_URL'] ?? ''

describe('a job whose worker', () => {
  let appName: string
  let queues: Queues
  let tasks: TaskQueue
  let running: Set<ChildProcess>
  beforeAll(() => {
    execFileSync(process.execPath, ['tools/build/build.ts', entry, bundle], { cwd: root })
  })
  beforeEach(async () => {
    appName = `test ${randomBytes(4).toString('hex')}`
    queues = createQueues({ config: { appName, redisUrl }, log: pino({ level: 'silent' }) })
    await queues.start()
    tasks = createTaskQueue({ config: { payloadLimit: 65_536 }, queues })
    running = new Set()
  })
  afterEach(async () => {
    for (const child of running) child.kill('SIGKILL')
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

  it('is killed each time is given up, also where a schedule made it, and the next run comes', async () => {
    const queue = queues.get('shop.tasks')
    await queue.upsertJobScheduler(
      'shop.print',
      { every: 3_600_000 },
      { name: print.name, data: {} },
    )
    for (let deaths = 0; deaths <= mostDeaths; deaths++) {
      const worker = start({ WORK_MS: '60000' })
      await worker.said('began attempt 1')
      worker.child.kill('SIGKILL')
      await worker.exited
    }
    start({ WORK_MS: '60000' })
    const failed = await eventually(async () => (await queue.getFailed())[0])
    expect(failed.failedReason).toContain('job.kills_workers')
    const [next] = await queue.getDelayed()
    expect(next).toMatchObject({ name: print.name, repeatJobKey: failed.repeatJobKey })
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

  function start(environment: Record<string, string>) {
    const lines: string[] = []
    const env = {
      PATH: process.env['PATH'],
      APP_NAME: appName,
      REDIS_URL: redisUrl,
      ...environment,
    }
    const child = spawn(process.execPath, [bundle], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    running.add(child)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n').filter(Boolean))
    })
    const exited = once(child, 'exit').then(([code]) => {
      running.delete(child)
      return code as number | null
    })
    return { child, lines, exited, said }

    function said(what: string) {
      return eventually(() => lines.some((line) => line.includes(what)))
    }
  }
})
