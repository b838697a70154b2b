import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { bullPrefix } from '../redis/index.ts'
import { createQueues, type Queues } from './queues.ts'
import { mayRunBeside } from './shared-concurrency.ts'
import { createTaskQueue } from './task-queue.ts'
import { defineTask } from './task.ts'
import { createWorkerProcesses, type WorkerProcess } from './testing/worker-processes.ts'

const processes = createWorkerProcesses('shared-concurrency')
const call = defineTask('shop.call', z.object({}), { concurrency: 1 })
const redisUrl = process.env['REDIS_URL'] ?? ''

describe('the concurrency of a task', () => {
  let config: { appName: string; redisUrl: string; payloadLimit: number }
  let queues: Queues
  beforeAll(() => processes.build())
  beforeEach(async () => {
    const appName = `test ${randomBytes(4).toString('hex')}`
    config = { appName, redisUrl, payloadLimit: 65_536 }
    queues = createQueues({ config, log: pino({ level: 'silent' }) })
    await queues.start()
  })
  afterEach(async () => {
    processes.killAll()
    await queues.stop()
  })

  it('holds over two workers that no scheduler was before, and in an emptied Redis', async () => {
    const environment = { APP_NAME: config.appName, REDIS_URL: redisUrl, WORK_MS: '300' }
    const workers = [1, 2].map(() => processes.start(environment))
    const queue = queues.get('shop.call')
    await eventually(async () => (await queue.getWorkersCount()) === workers.length)
    await enqueue(4)
    await eventually(() => timesOf(workers, 'ended').length === 4)
    const { client } = queues.redis
    await client.del(...(await client.keys(`${bullPrefix(config)}:*`)))
    await enqueue(4)
    await eventually(() => timesOf(workers, 'ended').length === 8)
    expect(mostAtOnce(workers)).toBe(1)
  })

  it('counts jobs that were handed out before it was written down', async () => {
    const queue = queues.get('shop.call')
    await queues.redis.client.rpush(queue.toKey('active'), 'one', 'two')
    expect(await mayRunBeside(queues, 'shop.call', 1)).toBe(false)
    expect(await mayRunBeside(queues, 'shop.call', 1)).toBe(false)
    await queues.redis.client.lpop(queue.toKey('active'))
    expect(await mayRunBeside(queues, 'shop.call', 1)).toBe(true)
  })

  it('is the one that is written down, beside a release with another', async () => {
    const queue = queues.get('shop.call')
    await queue.setGlobalConcurrency(2)
    await queues.redis.client.rpush(queue.toKey('active'), 'one', 'two')
    expect(await mayRunBeside(queues, 'shop.call', 1)).toBe(true)
    expect(await queue.getGlobalConcurrency()).toBe(2)
  })

  async function enqueue(jobs: number): Promise<void> {
    const tasks = createTaskQueue({ config, queues })
    await Promise.all(Array.from({ length: jobs }, () => tasks.enqueue(call, {})))
  }
})

function timesOf(workers: WorkerProcess[], text: string): number[] {
  const lines = workers.flatMap((worker) => worker.lines).filter((line) => line.includes(text))
  return lines.map((line) => Date.parse((JSON.parse(line) as { time: string }).time))
}

function mostAtOnce(workers: WorkerProcess[]): number {
  const changes = [
    ...timesOf(workers, '"ended').map((time) => ({ time, by: -1 })),
    ...timesOf(workers, '"began').map((time) => ({ time, by: 1 })),
  ].sort((a, b) => a.time - b.time || a.by - b.by)
  let running = 0
  return Math.max(...changes.map(({ by }) => (running += by)))
}
