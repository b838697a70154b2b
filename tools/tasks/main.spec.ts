import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { z } from 'zod'
import { authEnvironment } from '@ashlar/auth/testing'
import { createTaskWorkers, defineTask, handle } from '@ashlar/core/queue'
import { createTestCore, eventually, type TestCore } from '@ashlar/core/testing'

const root = join(__dirname, '..', '..')
const bundle = join(root, '.ashlar', 'cache', 'specs', 'tasks.cjs')
const purge = 'auth.purge-expired-sessions'

let test: TestCore
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  const build = ['tools/build/build.ts', 'tools/tasks/main.ts', bundle]
  execFileSync(process.execPath, build, { cwd: root })
  test = await createTestCore()
  const { appName, databaseUrl, redisUrl } = test.core.config
  environment = {
    ...authEnvironment(),
    PATH: process.env['PATH'],
    APP_ENV: 'testing',
    APP_NAME: appName,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    SMTP_URL: 'smtp://127.0.0.1:1',
  }
})
afterAll(() => test.stop())
beforeEach(() => test.core.queues.get('auth.tasks').obliterate({ force: true }))

describe('the tasks command', () => {
  it('lists every task with its schedule and its jobs', async () => {
    const { code, out } = await tasks('list')
    expect(code).toBe(0)
    expect(out).toMatch(
      /^TASK +QUEUE +SCHEDULE +NEXT RUN\n(.*\n)*auth\.purge-expired-sessions +auth\.tasks +17 3 \* \* \* UTC +not scheduled yet\n/,
    )
    expect(out).toMatch(/^auth\.tasks +0 +0 +0 +0$/m)
  })

  it('runs a task now, with the payload that it takes', async () => {
    const { code, out } = await tasks('run', purge)
    expect(code).toBe(0)
    expect(out).toMatch(/^Enqueued auth\.purge-expired-sessions as job \S+ in auth\.tasks\n$/)
    const [job] = await test.core.queues.get('auth.tasks').getWaiting()
    expect(job).toMatchObject({ name: purge, data: {}, opts: { attempts: 5 } })
  })

  it('waits for the end of what it runs, and tells the result', async () => {
    const stop = work(() => ({ purged: 7 }))
    expect(await tasks('run', purge, '{}', '--wait')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/\nCompleted: \{"purged":7\}\n$/),
    })
    await stop()
  })

  it('lists, runs again and removes dead jobs', async () => {
    expect((await tasks('dead')).out).toBe('No job is dead.\n')
    const ids = await die(3)
    const { out } = await tasks('dead')
    expect(out).toMatch(/^ID +TASK +ATTEMPTS +DIED +REASON\n/)
    for (const id of ids)
      expect(out).toMatch(
        new RegExp(`^${id} +auth\\.purge-expired-sessions +1 +20.*Z +Error: paper jam$`, 'm'),
      )
    const [first = '', second = '', third = ''] = ids
    expect(await tasks('remove', third, 'unknown')).toMatchObject({
      code: 1,
      out: `Removed: ${third}\nThere is no dead job unknown. See: npm run tasks -- dead\n`,
    })
    expect((await tasks('retry', second)).out).toBe(`Runs again: ${second}\n`)
    expect((await tasks('retry', '--all')).out).toBe(`Runs again: ${first}\n`)
    const waiting = await test.core.queues.get('auth.tasks').getWaiting()
    expect(waiting.map(({ id, attemptsMade }) => ({ id, attemptsMade }))).toEqual(
      expect.arrayContaining([first, second].map((id) => ({ id, attemptsMade: 0 }))),
    )
  })

  it.each([
    [['run', 'auth.purge'], 'There is no task "auth.purge". There are:\n'],
    [['run', purge, '{x}'], 'The payload is not JSON: {x}\n'],
    [['run'], 'tasks run NAME'],
    [['dead', '--queue', 'auth.task'], 'There is no queue "auth.task". There are: '],
    [['retry'], 'tasks retry ID…, or: tasks retry --all'],
    [['retry', '1', '--all'], 'tasks retry ID…, or: tasks retry --all'],
    [['dead', '--nothing'], "Unknown option '--nothing'"],
    [['purge'], 'There is no command "purge".\n\nUsage: tasks <command>'],
  ])('%j is wrong usage, and is told what is right', async (args, message) => {
    expect(await tasks(...args)).toEqual({
      code: 2,
      out: '',
      err: expect.stringContaining(message),
    })
  })

  it('says what is wrong with a payload, without its values', async () => {
    const { code, err } = await tasks('run', purge, '["secret"]')
    expect({ code, err }).toEqual({
      code: 1,
      err: 'The payload does not match its schema: / invalid_type.\n',
    })
  })

  it('says so when Redis is away, and when the configuration has faults', async () => {
    const away = await run(['dead'], { REDIS_URL: 'redis://127.0.0.1:1' })
    expect(away).toEqual({ code: 1, out: '', err: expect.stringMatching(/^Redis does not answer/) })
    const faulty = await run(['dead'], { REDIS_URL: 'nowhere' })
    expect(faulty).toMatchObject({ code: 78, err: expect.stringContaining('  REDIS_URL must be') })
  })
})

const tasks = (...args: string[]) => run(args, {})

function run(args: string[], changes: NodeJS.ProcessEnv) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const env = { ...environment, ...changes }
    const child = execFile(process.execPath, [bundle, ...args], { env }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    )
  })
}

/** Works off the queue of the module with another handler than its own. */
function work(handler: () => unknown) {
  const { config, queues, log, metrics } = test.core
  const task = defineTask(purge, z.object({}))
  const workers = createTaskWorkers({
    config,
    queues,
    log,
    metrics,
    tasks: [handle(task, handler)],
  })
  void workers.start?.()
  return async () => workers.stop?.(AbortSignal.timeout(5_000))
}

async function die(count: number): Promise<string[]> {
  const stop = work(() => {
    throw new Error('paper jam')
  })
  const task = defineTask(purge, z.object({}), { attempts: 1 })
  const jobs = Array.from({ length: count }, () => test.core.tasks.enqueue(task, {}))
  const ids = (await Promise.all(jobs)).map(({ id }) => id)
  const queue = test.core.queues.get('auth.tasks')
  await eventually(async () => (await queue.getFailedCount()) === count)
  await stop()
  return ids
}
