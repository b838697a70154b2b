import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createOutbox } from '@ashlar/core/events'
import { createTestCore, eventually, type TestCore } from '@ashlar/core/testing'
import { grind, orderPlaced } from './fixtures/shop.ts'

const root = join(__dirname, '..', '..', '..')
const bundle = join(root, '.ashlar', 'cache', 'specs', 'busy-worker.cjs')
const orders = 200

interface Line {
  msg: string
  order?: number
}

describe('a worker that is told to stop while a task uses up the grace', () => {
  let test: TestCore
  let children: ChildProcess[]
  beforeAll(() => {
    const entry = 'apps/worker/src/fixtures/busy-worker.ts'
    execFileSync(process.execPath, ['tools/build/build.ts', entry, bundle], { cwd: root })
  })
  beforeEach(async () => {
    test = await createTestCore()
    children = []
  })
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL')
    await test.stop()
  })

  it('begins no listener after the signal, cuts none, and leaves the rest to the next', async () => {
    const worker = start()
    await placeOrders()
    await test.core.tasks.enqueue(grind, {})
    await eventually(() => worker.find('task began').length === 1)
    await eventually(() => worker.find('listener ended').length >= 20)
    worker.child.kill('SIGTERM')
    expect(await worker.exited).toBe(0)
    const stoppingAt = worker.lines().findIndex(({ msg }) => msg === 'stopping')
    const after = worker.lines().slice(stoppingAt)
    expect(after.filter(({ msg }) => msg === 'listener began')).toEqual([])
    expect(ordersOf(worker.find('listener ended'))).toEqual(ordersOf(worker.find('listener began')))

    const next = start()
    const ended = () => [...worker.find('listener ended'), ...next.find('listener ended')]
    await eventually(() => ended().length === orders)
    expect(new Set(ordersOf(ended())).size).toBe(orders)
  })

  async function placeOrders(): Promise<void> {
    const { client } = test.core.database
    await client.$transaction(async (transaction) => {
      const outbox = createOutbox(transaction, test.core.config)
      for (let order = 1; order <= orders; order++) await outbox.publish(orderPlaced, { order })
    })
  }

  function start() {
    const { appName, databaseUrl, redisUrl } = test.core.config
    const env = {
      PATH: process.env['PATH'],
      APP_ENV: 'testing',
      APP_NAME: appName,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      SMTP_URL: 'smtp://127.0.0.1:9',
      SHUTDOWN_GRACE: '3s',
    }
    const child = spawn(process.execPath, [bundle], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    const exited = once(child, 'exit').then(([code]) => code as number | null)
    return { child, exited, lines, find }

    function lines(): Line[] {
      const whole = output.slice(0, output.lastIndexOf('\n') + 1)
      return whole
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Line)
    }

    function find(msg: string): Line[] {
      return lines().filter((line) => line.msg === msg)
    }
  }
})

const ordersOf = (lines: Line[]) => lines.map(({ order }) => order).toSorted()
