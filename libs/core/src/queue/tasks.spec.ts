import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { pino } from 'pino'
import { z } from 'zod'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { eventually } from '../../testing/eventually.ts'
import { defineError } from '../errors/index.ts'
import { bullPrefix } from '../redis/index.ts'
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

  it('that are dead are kept up to a number, and the log tells when the oldest make way', async () => {
    const lines: string[] = []
    const metrics = createMetrics({ process: 'test' })
    const workers = createTaskWorkers({
      config,
      queues,
      log: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }),
      metrics,
      tasks: [handle(print, () => Promise.reject(refused()))],
      mostDead: 2,
    })
    void workers.start?.()
    stops.push(() => workers.stop?.(AbortSignal.timeout(5_000)))
    const told = () => lines.find((line) => line.includes('keeping all dead jobs'))
    await finished(await enqueue(1), 'failed')
    expect(told()).toBeUndefined()
    await finished(await enqueue(2), 'failed')
    await finished(await enqueue(3), 'failed')
    expect(JSON.parse(await eventually(told))).toMatchObject({
      queue: 'shop.tasks',
      reason: '2 are kept, and the oldest make way',
    })
    expect(await queues.get('shop.tasks').getFailedCount()).toBe(2)
  })

  it('refuse a payload that would not come out of JSON as it went in', async () => {
    const now = new Date()
    const tasks = createTaskQueue({ config, queues })
    const bad = defineTask('shop.bad', z.object({ at: z.date(), n: z.string().transform(Number) }))
    await expect(tasks.enqueue(bad, { at: now, n: '1' })).rejects.toThrow(
      /shop\.bad: .*\/at invalid_type, \/n invalid_type.*z\.coerce\.date/,
    )
    const good = defineTask('shop.good', z.object({ at: z.coerce.date() }))
    await expect(tasks.enqueue(good, { at: now })).resolves.toHaveProperty('id')
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
    const tasks = createTaskQueue({ config, queues })
    await tasks.enqueue(print, { orderId: 1 }, { jobId: 'order-1' })
    await tasks.enqueue(print, { orderId: 1 }, { jobId: 'order-1' })
    expect(await queues.get('shop.tasks').getWaitingCount()).toBe(1)
  })

  it('are unique by key as long as one waits, fails and runs, and not after', async () => {
    const tasks = createTaskQueue({ config, queues })
    const add = async (unique: string, task = print) =>
      (await tasks.enqueue(task, { orderId: 1 }, { unique })).id
    const first = await add('order-1')
    expect(await add('order-1')).toBe(first)
    expect(await add('order-2')).not.toBe(first)
    expect(await add('order-1', defineTask('shop.pack', print.schema))).not.toBe(first)
    let added = ''
    work(
      handle(print, async (_, { id, attempt }) => {
        if (id === first) added = await add('order-1')
        if (attempt === 1) throw new Error('paper jam')
      }),
    )
    await finished(first, 'completed')
    expect(added).toBe(first)
    expect(await add('order-1')).not.toBe(first)
  })

  it('unique within a time are not added before it is over, ended or not', async () => {
    const tasks = createTaskQueue({ config, queues })
    const unique = { key: 'order-1', withinMs: 500 }
    work(handle(print, () => {}))
    const { id } = await tasks.enqueue(print, { orderId: 1 }, { unique })
    await finished(id, 'completed')
    expect(await tasks.enqueue(print, { orderId: 1 }, { unique })).toEqual({ id })
    await eventually(async () => (await tasks.enqueue(print, { orderId: 1 }, { unique })).id !== id)
  })

  it('with a priority go after those without, the lowest number first', async () => {
    const tasks = createTaskQueue({ config, queues })
    for (const [orderId, priority] of [[3, 9], [2, 1], [1]] as [number, number?][])
      await tasks.enqueue(print, { orderId }, { ...(priority && { priority }) })
    const order: number[] = []
    work(handle(print, ({ orderId }) => void order.push(orderId)))
    await eventually(() => order.length === 3)
    expect(order).toEqual([1, 2, 3])
  })

  it('take the attempts and the pause that were asked for', async () => {
    const attempts: number[] = []
    const slow = defineTask('shop.slow', print.schema, { attempts: 9, backoffMs: 60_000 })
    work(
      handle(slow, (_, { attempt }) => {
        attempts.push(attempt)
        throw new Error('no')
      }),
    )
    const options = { attempts: 2, backoffMs: 10 }
    const { id } = await createTaskQueue({ config, queues }).enqueue(slow, { orderId: 1 }, options)
    await finished(id, 'failed')
    expect(attempts).toEqual([1, 2])
  })

  it.each([{ delay: -1 }, { attempts: 0 }, { priority: 1.5 }, { backoffMs: NaN }])(
    'are refused with the options %p',
    async (options) => {
      const enqueued = createTaskQueue({ config, queues }).enqueue(print, { orderId: 1 }, options)
      await expect(enqueued).rejects.toThrow(/^shop\.print: \w+ is .*; give a whole number from/)
    },
  )

  it('tell their progress, and their result to who waits for it', async () => {
    const count = defineTask('shop.count', z.object({}), { result: z.object({ total: z.int() }) })
    const tasks = createTaskQueue({ config, queues })
    let goOn = () => {}
    const held = new Promise<void>((resolve) => (goOn = resolve))
    work(
      handle(count, async (_, { progress }) => {
        await progress(40)
        await held
        return { total: 7, secret: 'not in the schema' }
      }),
    )
    const { id } = await tasks.enqueue(count, {})
    await eventually(async () => (await tasks.find(count, id))?.progress === 40)
    expect(await tasks.find(count, id)).toMatchObject({ state: 'running', attempts: 0 })
    const waiting = tasks.waitForResult(count, id, { timeoutMs: 20 })
    await expect(waiting).rejects.toMatchObject({ code: 'job.unfinished' })
    goOn()
    const { total } = await tasks.waitForResult(count, id)
    expect(total).toBe(7)
    expect(await tasks.find(count, id)).toMatchObject({ state: 'completed', result: { total: 7 } })
  })

  it('that are dead or unknown say so to who waits', async () => {
    const tasks = createTaskQueue({ config, queues })
    work(
      handle(print, () => {
        throw refused()
      }),
    )
    const id = await enqueue(7)
    await expect(tasks.waitForResult(print, id)).rejects.toMatchObject({
      code: 'job.dead',
      cause: new Error('shop.refused: The printer refused.'),
    })
    await expect(tasks.waitForResult(print, 'x')).rejects.toMatchObject({ code: 'job.unknown' })
    expect(await tasks.find(defineTask('shop.pack', print.schema), id)).toBeNull()
  })

  it('whose result breaks its schema are dead at once, for the work is done', async () => {
    const count = defineTask('shop.count', z.object({}), { result: z.object({ total: z.int() }) })
    let runs = 0
    work(
      handle(count, () => {
        runs += 1
        return { total: 'many' } as never
      }),
    )
    const { id } = await createTaskQueue({ config, queues }).enqueue(count, {})
    const job = await finished(id, 'failed')
    expect(job.failedReason).toMatch(/^job\.result_invalid: .*\/total invalid_type\.$/)
    expect(runs).toBe(1)
  })

  it('run no more at once than their task allows, over all workers', async () => {
    const limited = defineTask('shop.call', z.object({}), { concurrency: 2 })
    let running = 0
    let most = 0
    const handler = handle(limited, async () => {
      most = Math.max(most, (running += 1))
      await new Promise((done) => setTimeout(done, 20))
      running -= 1
    })
    const tasks = createTaskQueue({ config, queues })
    await queues.get('shop.call').setGlobalConcurrency(2)
    const ids = await Promise.all(Array.from({ length: 12 }, () => tasks.enqueue(limited, {})))
    work(handler)
    work(handler)
    for (const { id } of ids) await tasks.waitForResult(limited, id)
    expect(most).toBe(2)
  })

  it('keep to it where no scheduler has been there, and after Redis was emptied', async () => {
    const limited = defineTask('shop.call', z.object({}), { concurrency: 2 })
    let running = 0
    let most = 0
    let runs = 0
    const handler = handle(limited, async () => {
      most = Math.max(most, (running += 1))
      await new Promise((done) => setTimeout(done, 100))
      running -= 1
      runs += 1
    })
    const tasks = createTaskQueue({ config, queues })
    for (let worker = 0; worker < 4; worker += 1) work(handler)
    for (let count = 0; count < 12; count += 1) await tasks.enqueue(limited, {})
    await eventually(() => runs === 12)
    const { client } = queues.redis
    await client.del(await client.keys(`${bullPrefix(config)}:*`))
    for (let count = 0; count < 12; count += 1) await tasks.enqueue(limited, {})
    await eventually(() => runs === 24)
    expect(most).toBe(2)
  })

  it('begin no more often than their task allows, over all workers', async () => {
    const rate = { max: 2, perMs: 300 }
    const limited = defineTask('shop.call', z.object({}), { rate })
    const begun: number[] = []
    const handler = handle(limited, () => void begun.push(performance.now()))
    const tasks = createTaskQueue({ config, queues })
    for (let count = 0; count < 6; count++) await tasks.enqueue(limited, {})
    const startedAt = performance.now()
    work(handler)
    work(handler)
    await eventually(() => begun.length === 6)
    expect((begun[5] ?? 0) - startedAt).toBeGreaterThan(rate.perMs * 1.9)
  })

  it('wait for their delay', async () => {
    await createTaskQueue({ config, queues }).enqueue(print, { orderId: 1 }, { delay: 60_000 })
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
      const enqueued = createTaskQueue({ config, queues: away }).enqueue(print, { orderId: 1 })
      await expect(enqueued).rejects.toMatchObject({ kind: 'unavailable' })
      expect(performance.now() - startedAt).toBeLessThan(10_000)
      await proxy.restore()
      await eventually(() => away.redis.isUp())
    }
    await away.stop()
    await proxy.close()
  })

  async function enqueue(orderId: number): Promise<string> {
    return (await createTaskQueue({ config, queues }).enqueue(print, { orderId })).id
  }

  function work(...tasks: TaskHandler[]): void {
    const metrics = createMetrics({ process: 'test' })
    const workers = createTaskWorkers({ config, queues, log, metrics, tasks })
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
