import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { authEnvironment } from '@ashlar/auth/testing'
import { createTestCore, type TestCore } from '@ashlar/core/testing'

const root = join(__dirname, '..', '..')
const bundle = join(root, '.ashlar', 'cache', 'specs', 'events.cjs')
// Version 7: an id begins with the time of its event.
const first = '019b76da-a800-7000-8000-000000000001'
const second = '019b7c01-0400-7000-8000-000000000002'
const third = '019b8127-6000-7000-8000-000000000003'

let test: TestCore
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  const build = ['tools/build/build.ts', 'tools/events/main.ts', bundle]
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

beforeEach(async () => {
  const { pool } = test.core.database
  await pool.query('TRUNCATE outbox_event, event_delivery, event_subscription')
  await pool.query(
    `INSERT INTO outbox_event (id, name, payload, occurred_at, published_at) VALUES
       ($1, 'shop.order-shipped', '{"orderId":1}', '2026-01-01T00:00Z', '2026-01-01T00:00Z'),
       ($2, 'shop.order-shipped', '{"orderId":2}', '2026-01-02T00:00Z', '2026-01-02T00:00Z'),
       ($3, 'shop.order-shipped', '{"orderId":3}', '2026-01-03T00:00Z', NULL)`,
    [first, second, third],
  )
  await pool.query(
    `INSERT INTO event_delivery (event_id, listener_id, queue, finished_at, dead_at, error) VALUES
       ($1, 'shop.count', 'shop.events', now(), NULL, NULL),
       ($1, 'shop.bill', 'shop.events', NULL, now(), $3),
       ($2, 'shop.count', 'shop.events', NULL, NULL, NULL)`,
    [first, second, 'Error: paper\njam'],
  )
  await pool.query(
    `INSERT INTO event_subscription (listener_id, event_name, queue) VALUES
       ('shop.count', 'shop.order-shipped', 'shop.events'), ('stock.log', 'shop.order-shipped', 'stock.events')`,
  )
})

describe('the events command', () => {
  it('lists what is not finished, oldest first', async () => {
    const { code, out } = await events('list')
    expect(code).toBe(0)
    const rows = out.split('\n').map((line) => line.split(/ {2,}/))
    expect(rows.slice(0, 4)).toEqual([
      ['EVENT', 'NAME', 'LISTENER', 'STATE', 'OCCURRED', 'ERROR'],
      [
        first,
        'shop.order-shipped',
        'shop.bill',
        'dead',
        '2026-01-01T00:00:00.000Z',
        'Error: paper jam',
      ],
      [second, 'shop.order-shipped', 'shop.count', 'queued', '2026-01-02T00:00:00.000Z'],
      [third, 'shop.order-shipped', '-', 'unpublished', '2026-01-03T00:00:00.000Z'],
    ])
    expect(await idsOf('list', '--dead')).toEqual([first])
    expect(await idsOf('list', '--pending')).toEqual([second, third])
    expect(await idsOf('list', '--listener', 'shop.count')).toEqual([second])
    expect(await idsOf('list', '--limit', '1')).toEqual([first])
  })

  it('shows an event and what became of it', async () => {
    const { code, out } = await events('show', first)
    expect(code).toBe(0)
    expect(out).toMatch(/^Payload +\{"orderId":1\}$/m)
    expect(out).toMatch(/^shop\.bill +dead +- +\S+Z +Error: paper jam$/m)
    expect(out).toMatch(/^shop\.count +finished +- +\S+Z$/m)
    const unknown = '0190f6a0-0000-7000-8000-00000000000f'
    expect(await events('show', unknown)).toMatchObject({
      code: 1,
      out: `There is no event ${unknown}.\n`,
    })
  })

  it('lets dead deliveries be tried again, and says when there is none', async () => {
    const one = `${first}.shop.bill`
    expect(await events('retry', one)).toMatchObject({
      code: 0,
      out: `${one}: 1 owed again\n`,
    })
    expect(await standings()).toMatchObject({ [one]: 'waiting' })
    expect((await events('retry', one)).code).toBe(1)
    expect(await events('retry', '--dead')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^All: 0 /),
    })
  })

  it('skips what nobody wants delivered any more', async () => {
    const one = `${second}.shop.count`
    expect(await events('skip', one)).toMatchObject({ code: 0, err: '' })
    expect(await standings()).toMatchObject({ [one]: 'finished' })
  })

  it('replays to those that finished and to those that are new', async () => {
    expect((await events('replay', first)).out).toBe(`${first}: 2 owed again\n`)
    expect(await standings()).toMatchObject({
      [`${first}.shop.count`]: 'waiting',
      [`${first}.stock.log`]: 'waiting',
    })
    const since = ['replay', '--listener', 'stock.log', '--since', '2026-01-02']
    expect((await events(...since)).out).toMatch(/^stock\.log: 1 /)
    expect(await standings()).toMatchObject({ [`${second}.stock.log`]: 'waiting' })
  })

  it('ends what a listener that is gone is owed', async () => {
    await test.core.database.pool.query(
      `UPDATE event_delivery SET held_at = now() WHERE event_id = $1 AND listener_id = 'shop.count'`,
      [second],
    )
    expect(await idsOf('list', '--held')).toEqual([second])
    expect(await events('unsubscribe', 'shop.count')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^shop\.count: unsubscribed, and 1 deliveries counted as done\n/),
    })
    expect(await standings()).toMatchObject({ [`${second}.shop.count`]: 'finished' })
    expect(await idsOf('list', '--held')).toEqual([])
    expect((await events('unsubscribe', 'shop.count')).code).toBe(2)
  })

  it('prunes what is finished and old, and keeps what is dead, owed or unpublished', async () => {
    await events('skip', `${second}.shop.count`)
    expect((await events('prune', '--older-than', '1d')).out).toBe(
      'Deleted 1 events that every listener had finished.\n',
    )
    const { rows } = await test.core.database.pool.query<{ id: string }>(
      'SELECT id FROM outbox_event ORDER BY id',
    )
    expect(rows.map(({ id }) => id)).toEqual([first, third])
  })

  it.each([
    [['show', 'x'], '"x" is no event. Take ID or ID.LISTENER from: npm run events -- list'],
    [['retry'], 'events retry ID[.LISTENER]…, or: events retry --dead'],
    [['retry', first, '--dead'], 'events retry ID[.LISTENER]…, or: events retry --dead'],
    [['skip', first], 'events skip ID.LISTENER…'],
    [
      ['replay', '--listener', 'shop.count'],
      'events replay ID[.LISTENER]…, or: events replay --listener',
    ],
    [
      ['replay', '--listener', 'shop.cuont', '--since', '2026-01-01'],
      'There is no listener "shop.cuont". There are: shop.count, stock.log',
    ],
    [['list', '--listener', 'shop.cuont'], 'There is no listener "shop.cuont".'],
    [['retry', '--dead', '--listener', 'shop.cuont'], 'There is no listener "shop.cuont".'],
    [['replay', '--listener', 'a.b', '--since', 'soon'], '--since soon is no time.'],
    [
      ['replay', '--listener', 'a.b', '--since', '2026-01-02T08:00'],
      '--since 2026-01-02T08:00 is no time.',
    ],
    [['prune', '--older-than', 'long'], '--older-than must be a time span like 500ms'],
    [['list', '--limit', '0'], '--limit 0 is not a number from 1 on'],
    [['purge'], 'There is no command "purge".\n\nUsage: events <command>'],
  ])('%j is wrong usage, and is told what is right', async (args, message) => {
    expect(await events(...args)).toEqual({
      code: 2,
      out: '',
      err: expect.stringContaining(message),
    })
  })

  it('needs no Redis, and says so when PostgreSQL is away', async () => {
    expect(await run(['list'], { REDIS_URL: 'redis://127.0.0.1:1' })).toMatchObject({ code: 0 })
    expect(await run(['list'], { DATABASE_URL: 'postgresql://127.0.0.1:1/ashlar' })).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/^.*database.*\n$/i),
    })
  })
})

const events = (...args: string[]) => run(args, {})

async function idsOf(...args: string[]): Promise<string[]> {
  const { out } = await events(...args)
  return out.split('\n').flatMap((line) => /^\S{36}(?= )/.exec(line)?.[0] ?? [])
}

async function standings(): Promise<Record<string, string>> {
  const { rows } = await test.core.database.pool.query<{ id: string; standing: string }>(
    `SELECT event_id || '.' || listener_id AS id, CASE WHEN finished_at IS NOT NULL THEN 'finished'
       WHEN dead_at IS NOT NULL THEN 'dead' WHEN enqueued_at IS NULL THEN 'waiting' ELSE 'queued' END AS standing
     FROM event_delivery`,
  )
  return Object.fromEntries(rows.map(({ id, standing }) => [id, standing]))
}

function run(args: string[], changes: NodeJS.ProcessEnv) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const env = { ...environment, ...changes }
    const child = execFile(process.execPath, [bundle, ...args], { env }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    )
  })
}
