import { join } from 'node:path'
import { cloneTestDatabase, type TestDatabase } from '../../testing/index.ts'
import { createLogger } from '../logging/index.ts'
import { createDatabase } from './index.ts'
import { withConnection, withDatabase } from './migrations/connection.ts'
import { applyMigrations, migrationStatus, resetDatabase } from './migrations/index.ts'

const prismaDir = join(__dirname, '..', '..', '..', '..', 'prisma')
const adminUrl = process.env['DATABASE_URL'] ?? ''

let database: TestDatabase
beforeEach(async () => {
  database = await cloneTestDatabase(adminUrl, process.env['JEST_WORKER_ID'] ?? '1')
})
afterEach(() => database.drop())

describe('a database whose search_path leads to another schema', () => {
  it.each([
    [
      'of the database',
      'app1',
      (name: string) => `ALTER DATABASE ${name} SET search_path = app1, public`,
    ],
    [
      'of the role',
      'app1',
      (name: string) => `ALTER ROLE CURRENT_USER IN DATABASE ${name} SET search_path = app1`,
    ],
    ['by the name of the user', 'ashlar', () => 'SELECT 1'],
  ])('%s is refused by every process and command', async (_what, schema, setting) => {
    const name = new URL(database.url).pathname.slice(1)
    await query(`CREATE SCHEMA ${schema}; ${setting(name)}`)
    const refusal = new RegExp(
      `^DATABASE_URL leads to the schema "${schema}" by the search_path of its user.*ALTER ROLE`,
    )
    const source = { databaseUrl: database.url, prismaDir }
    await expect(applyMigrations(source)).rejects.toThrow(refusal)
    await expect(migrationStatus(source)).rejects.toThrow(refusal)
    await expect(resetDatabase({ ...source, appEnv: 'testing' })).rejects.toThrow(refusal)
    const client = open()
    await expect(client.start()).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(refusal) as string,
    })
    await expect(client.ping()).rejects.toMatchObject({
      code: 'database.unavailable',
      cause: { message: expect.stringContaining(`the schema "${schema}"`) as string },
    })
    await client.close()
    expect(await query(`SELECT FROM pg_tables WHERE schemaname = '${schema}'`)).toEqual([])
  })

  it('is taken where the first schema that exists is that of the tables', async () => {
    const name = new URL(database.url).pathname.slice(1)
    await query(`ALTER DATABASE ${name} SET search_path = absent, public, app1`)
    const client = open()
    await client.start()
    await client.ping()
    await client.close()
    expect(await applyMigrations({ databaseUrl: database.url, prismaDir })).toEqual([])
  })
})

it('a user without the right to make tables is told which right is missing', async () => {
  const url = new URL(withDatabase(database.url, new URL(database.url).pathname.slice(1)))
  const role = `guest_${url.pathname.slice(-8)}`
  await query(`DROP TABLE _prisma_migrations; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
    GRANT USAGE ON SCHEMA public TO PUBLIC; CREATE ROLE ${role} LOGIN PASSWORD 'guest'`)
  Object.assign(url, { username: role, password: 'guest' })
  const migrating = applyMigrations({ databaseUrl: url.href, prismaDir })
  await expect(migrating).rejects.toThrow(
    /may not create tables in the schema "public"[\s\S]*GRANT/,
  )
  await query(`DROP ROLE ${role}`)
})

const query = (sql: string) =>
  withConnection(database.url, async (client) => (await client.query<object>(sql)).rows)

function open() {
  const config = {
    databaseUrl: database.url,
    databasePoolSize: 2,
    databasePooler: false,
    appName: 'test',
    appEnv: 'testing',
    logLevel: 'silent',
  } as const
  return createDatabase({ config, log: createLogger({ name: 'test', config }) })
}
