import { createServer, connect, type AddressInfo, type Server } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { pino } from 'pino'
import { createTestCore, eventually, type TestCore } from '../../testing/index.ts'
import { createNotifications } from '../events/notifications.ts'
import { createOutboxNotifier } from '../events/outbox-notifier.ts'
import { CleanPool } from './clean-pool.ts'
import { createDatabase } from './database.ts'
import { applyMigrations, createMigration } from './migrations/index.ts'
import { UtcClient } from './utc-client.ts'

const log = pino({ level: 'silent' })
const prismaDir = join(__dirname, '..', '..', '..', '..', 'prisma')

let test: TestCore
beforeAll(async () => {
  test = await createTestCore()
})
afterAll(() => test.stop())

const execute = (sql: string) => test.core.database.pool.query(sql)

/**
 * Has precedence over the setting of the role, which has it over that of the database, and so on.
 */
const setForRoleInDatabase = (timeZone: string) =>
  execute(`DO $$ BEGIN EXECUTE format(
    'ALTER ROLE %I IN DATABASE %I SET timezone TO %L', current_user, current_database(), '${timeZone}'
  ); END $$`)

const setForDatabase = (timeZone: string) =>
  execute(`DO $$ BEGIN EXECUTE format(
    'ALTER DATABASE %I SET timezone TO %L', current_database(), '${timeZone}'
  ); END $$`)

/** PostgreSQL itself writes down each session that opens. */
const recordSessions = `
  CREATE TABLE opened (application text, time_zone text);
  CREATE FUNCTION record_session() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO opened VALUES (current_setting('application_name'), current_setting('TimeZone'));
  END $$;
  CREATE EVENT TRIGGER record_session ON login EXECUTE FUNCTION record_session();`

const url = (change: (url: URL) => void = () => {}) => {
  const changed = new URL(test.core.config.databaseUrl)
  change(changed)
  return changed.href
}

async function timeZoneAt(connectionString: string): Promise<unknown> {
  const client = new UtcClient({ connectionString })
  await client.connect()
  try {
    return (await client.query<{ TimeZone: string }>('SHOW TimeZone')).rows[0]?.TimeZone
  } finally {
    await client.end()
  }
}

describe('a session is in UTC', () => {
  it('on a server, a database and a role with zones of their own, and with one in the address', async () => {
    expect(await timeZoneAt(url())).toBe('UTC')
    await setForDatabase('Asia/Kolkata')
    expect(await timeZoneAt(url())).toBe('UTC')
    await setForRoleInDatabase('America/St_Johns')
    expect(await timeZoneAt(url())).toBe('UTC')
    const inAddress = url(({ searchParams }) =>
      searchParams.set('options', '-c TimeZone=Asia/Kathmandu'),
    )
    expect(await timeZoneAt(inAddress)).toBe('UTC')
  })

  it('for requests, health, events and migrations', async () => {
    await setForRoleInDatabase('Asia/Kolkata')
    await execute(recordSessions)
    const config = { ...test.core.config, appName: 'pool' }
    const connectionString = config.databaseUrl
    const database = createDatabase({ config, log })
    const onNotification = jest.fn()
    const channel = 'ashlar_outbox'
    const notifications = createNotifications({ connectionString, channel, onNotification, log })
    const notifier = createOutboxNotifier({ config, log })
    notifications.start()
    await eventually(() => onNotification.mock.calls.length > 0)
    notifier.wake()
    await Promise.all([database.ping(), database.client.$queryRaw`SELECT 1`])
    await applyMigrations({ databaseUrl: connectionString, prismaDir })
    await createMigration({ databaseUrl: connectionString, prismaDir, name: 'none' })
    await Promise.all([notifications.stop(), notifier.stop(), database.close()])
    await execute('DROP EVENT TRIGGER record_session')
    const { rows } = await execute('SELECT DISTINCT * FROM opened ORDER BY application')
    const applications = [
      'ashlar outbox notifier',
      'ashlar outbox relay',
      'migrations',
      'pool',
      'pool readiness',
    ]
    expect(rows).toEqual(applications.map((application) => ({ application, time_zone: 'UTC' })))
  })

  it('so times are what they were when they were written, by Prisma, by hand and by default', async () => {
    await setForRoleInDatabase('Australia/Lord_Howe')
    const database = createDatabase({ config: test.core.config, log })
    const updatedAt = new Date('2026-07-01T12:00:00.000Z')
    const key = { eventName: 'shop.sold', listenerId: 'shop.thank' }
    await database.client.eventSubscription.create({
      data: { ...key, queue: 'shop.events', updatedAt },
    })
    const { rows: written } = await database.pool.query<{ seconds: number; updated_at: Date }>(
      `SELECT extract(epoch FROM updated_at)::int AS seconds, updated_at
       FROM event_subscription WHERE updated_at = $1`,
      [updatedAt],
    )
    expect(written).toEqual([{ seconds: updatedAt.getTime() / 1_000, updated_at: updatedAt }])
    const { rows: byDefault } = await database.pool.query<{ updated_at: Date }>(
      `INSERT INTO event_subscription (event_name, listener_id, queue)
       VALUES ('shop.sold', 'shop.count', 'shop.events') RETURNING updated_at`,
    )
    const found = await database.client.eventSubscription.findMany({
      orderBy: { updatedAt: 'asc' },
    })
    expect(found.map((row) => row.updatedAt)).toEqual([updatedAt, byDefault[0]?.updated_at])
    await database.close()
  })
})

it('a connection whose session left UTC is not used again', async () => {
  const pool = new CleanPool({ connectionString: url(), max: 1 })
  await pool.query("SET TIME ZONE 'Asia/Kolkata'")
  const { rows } = await pool.query<{ TimeZone: string }>('SHOW TimeZone')
  expect(rows).toEqual([{ TimeZone: 'UTC' }])
  await pool.query("BEGIN; SET LOCAL TIME ZONE 'Asia/Kolkata'; COMMIT")
  await pool.end()
})

it('a session that is in another zone all the same is refused, with the reason', async () => {
  await setForRoleInDatabase('Asia/Kolkata')
  const pooler = await startForgetfulPooler()
  const { port } = pooler.address() as AddressInfo
  const databaseUrl = url((changed) => (changed.port = String(port)))
  const reason = 'The session is in the time zone Asia/Kolkata, and times would be stored wrong.'
  await expect(timeZoneAt(databaseUrl)).rejects.toThrow(reason)
  await expect(applyMigrations({ databaseUrl, prismaDir })).rejects.toThrow(reason)
  const database = createDatabase({ config: { ...test.core.config, databaseUrl }, log })
  await expect(database.ping()).rejects.toMatchObject({
    code: 'database.unavailable',
    cause: { message: expect.stringContaining(reason) as string },
  })
  await database.close()
  pooler.close()
})

/** Stands for a pooler that drops the startup parameter TimeZone. */
async function startForgetfulPooler(): Promise<Server> {
  const { hostname, port } = new URL(test.core.config.databaseUrl)
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    client.once('data', (startup: Buffer) => {
      const text = startup.subarray(4).toString('latin1').replace('TimeZone\0UTC\0', '')
      const length = Buffer.alloc(4)
      length.writeInt32BE(text.length + 4)
      upstream.write(Buffer.concat([length, Buffer.from(text, 'latin1')]))
      client.pipe(upstream).pipe(client)
    })
    for (const socket of [client, upstream]) socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
