import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { eventually } from '../../testing/eventually.ts'
import { stoneMoved, timing } from './fixtures/hanging-listener.ts'
import { on } from './listener.ts'
import { createTestBed, type TestBed } from './testing/test-bed.ts'

const bundle = join(__dirname, '../../../../.ashlar/tmp/events', `${process.pid}.cjs`)

let bed: TestBed
let child: ChildProcess
let output: string

beforeAll(() =>
  build({
    entryPoints: [join(__dirname, 'fixtures/process.ts')],
    outfile: bundle,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    packages: 'external',
  }),
)
beforeEach(async () => {
  bed = await createTestBed()
})
afterEach(async () => {
  child.kill('SIGKILL')
  await bed.stopAll()
})
afterAll(() => rm(bundle))

describe('events, when a process is killed', () => {
  it('are delivered once after a relay that had handed them over and not marked them', async () => {
    const seen: number[] = []
    const free = [on(stoneMoved, 'stones.count', ({ step }) => seen.push(step))]
    await bed.database.client.eventSubscription.create({
      data: { listenerId: 'stones.count', eventName: stoneMoved.name, queue: 'stones.events' },
    })
    const openGate = await closeGate()
    start('relay')
    await bed.publish(stoneMoved, { step: 1 })
    const queue = bed.queues.get('stones.events')
    await eventually(() => queue.getWaitingCount())
    await kill()
    expect(await bed.database.client.outboxEvent.count({ where: { publishedAt: null } })).toBe(1)
    await openGate()
    await bed.start(bed.relay(free), bed.workers(free))
    await eventually(async () =>
      (await bed.deliveries()).some((row) => row.listener_id === 'stones.count' && row.finished_at),
    )
    await eventually(() =>
      bed.database.client.outboxEvent.count({ where: { NOT: { publishedAt: null } } }),
    )
    expect(seen).toEqual([1])
  })

  it('are handled by another worker, in order, after one that was in the middle', async () => {
    const seen: number[] = []
    const listeners = [
      on(stoneMoved, 'stones.follow', ({ step }) => seen.push(step), { ordered: true }),
    ]
    await bed.start(bed.relay(listeners))
    start('work')
    for (const step of [1, 2, 3]) await bed.publish(stoneMoved, { step })
    await eventually(() => output.includes('handling'))
    await kill()
    await bed.start(bed.workers(listeners, { timing }))
    await eventually(() => seen.length === 3)
    expect(seen).toEqual([1, 2, 3])
  })
})

function start(role: 'relay' | 'work'): void {
  const { appName, databaseUrl, redisUrl } = bed.config
  output = ''
  child = spawn(process.execPath, [bundle, role], {
    env: {
      PATH: process.env['PATH'],
      APP_ENV: 'testing',
      APP_NAME: appName,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      SMTP_URL: 'smtp://127.0.0.1:9',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
}

async function kill(): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Nobody marks an event as published until the gate is open. */
async function closeGate(): Promise<() => Promise<void>> {
  const { pool } = bed.database
  await pool.query(`
    CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END $$;
    CREATE TRIGGER gate BEFORE UPDATE ON outbox_event FOR EACH ROW EXECUTE FUNCTION wait_at_gate()`)
  const gate = await pool.connect()
  await gate.query('SELECT pg_advisory_lock(1)')
  return async () => {
    await gate.query('SELECT pg_advisory_unlock(1)')
    gate.release()
  }
}
