import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { Client } from 'pg'

const root = join(__dirname, '..', '..')
const bundle = join(root, '.ashlar', 'cache', 'specs', 'db.cjs')
const first = '20260101000000_first'
const working = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`

const invalidIndex = `SELECT FROM pg_index WHERE NOT indisvalid`

let project: string
let databaseUrl: string

beforeAll(() => {
  execFileSync(process.execPath, ['tools/build/build.ts', 'tools/db/main.ts', bundle], {
    cwd: root,
  })
})

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'ashlar-'))
  mkdirSync(join(project, 'prisma', 'schema'), { recursive: true })
  writeMigration(first, 'CREATE TABLE a (id int);')
  const url = new URL(process.env['DATABASE_URL'] ?? '')
  url.pathname = `/ashlar_test_db_${randomBytes(4).toString('hex')}`
  databaseUrl = url.href
})

afterEach(async () => {
  rmSync(project, { recursive: true })
  const name = new URL(databaseUrl).pathname.slice(1)
  await query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`, process.env['DATABASE_URL'])
})

describe('the db command', () => {
  it('migrates, and says so when there is nothing to do', async () => {
    expect(await db('migrate')).toEqual({ code: 0, out: `Applied ${first}\n`, err: '' })
    expect(await db('migrate')).toEqual({ code: 0, out: 'The database is up to date.\n', err: '' })
  })

  it('runs three times at once', async () => {
    const runs = await Promise.all([db('migrate'), db('migrate'), db('migrate')])
    expect(runs.map(({ code, err }) => ({ code, err }))).toEqual(
      Array(3).fill({ code: 0, err: '' }),
    )
    expect(runs.filter(({ out }) => out.includes(`Applied ${first}`))).toHaveLength(1)
  })

  it('is repeated after kill -9, also while the server still works on the script', async () => {
    await db('migrate')
    const second = '20260102000000_second'
    // A wait for a lock would end by itself.
    const work = `DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM a) LOOP PERFORM pg_sleep(0.01); END LOOP; END $$;`
    writeMigration(second, `${work} CREATE TABLE b (id int);`)
    const killed = start(['migrate'])
    await until(async () => (await query(working)).length > 0)
    killed.kill('SIGKILL')
    const repeated = start(['migrate'])
    const end = ended(repeated)
    await once(repeated.stdout, 'data')
    await query('INSERT INTO a VALUES (1)')
    expect(await end).toEqual({
      code: 0,
      out: 'Another process migrates this database; waiting for it.\nApplied 20260102000000_second\n',
      err: '',
    })
    expect(await query('SELECT * FROM b')).toEqual([])
  })

  it('shows the status, with exit code 1 while something is missing', async () => {
    await db('migrate')
    writeMigration('20260102000000_second', 'nonsense;')
    await db('migrate')
    writeMigration('20260103000000_third', 'SELECT 1;')
    expect(await db('status')).toEqual({
      code: 1,
      out:
        `  applied      ${first}\n` +
        '  failed       20260102000000_second (syntax error at or near "nonsense")\n' +
        '  pending      20260103000000_third\n' +
        'Apply what is missing with: npm run db:migrate\n',
      err: '',
    })
  })

  it('goes on without a hand after kill -9 in a concurrent build', async () => {
    await db('migrate')
    const second = '20260102000000_second'
    writeMigration(second, 'CREATE INDEX CONCURRENTLY a_id_idx ON a (id);')
    const open = new Client({ connectionString: databaseUrl })
    await open.connect()
    await open.query('BEGIN; INSERT INTO a VALUES (1)')
    const killed = start(['migrate'])
    await until(async () => (await query(invalidIndex)).length > 0)
    killed.kill('SIGKILL')
    const repeated = start(['migrate'])
    const end = ended(repeated)
    await once(repeated.stdout, 'data')
    // The server goes on with the build of the killed process, which ends well.
    await open.query('COMMIT')
    await open.end()
    expect(await end).toMatchObject({
      code: 0,
      out: expect.stringMatching(/waiting for it\.\nApplied 20260102000000_second\n$/),
    })
    expect(await query(invalidIndex)).toEqual([])
  })

  it('says in the status what a migration written by hand does to a live database', async () => {
    await db('migrate')
    writeMigration('20260102000000_second', 'CREATE INDEX a_id_idx ON a (id);')
    expect((await db('status')).out).toContain(
      '  pending      20260102000000_second\n    Mind: Blocks writes to a until the index a_id_idx is built.',
    )
  })

  it('has an exit code of its own for a database that does not answer', async () => {
    const nowhere = { DATABASE_URL: 'postgresql://nobody:wrong@127.0.0.1:1/x' }
    expect(await run(['migrate'], nowhere)).toMatchObject({
      code: 69,
      err: expect.stringMatching(/^PostgreSQL does not answer at /),
    })
  })

  it('tells a failure without a stack', async () => {
    writeMigration(first, 'SELECT nothing;')
    const { code, err } = await db('migrate')
    expect(code).toBe(1)
    expect(err).toContain('column "nothing" does not exist (SQLSTATE 42703)')
    expect(err).not.toMatch(/\n\s+at |engine/)
  })

  it('resets only when told so, and never in production', async () => {
    await db('migrate')
    expect(await db('reset')).toMatchObject({ code: 1, err: expect.stringContaining('--yes') })
    expect(await db('reset', '--yes')).toMatchObject({ code: 0 })
    expect(await run(['reset', '--yes'], { APP_ENV: 'production' })).toMatchObject({
      code: 1,
      err: 'APP_ENV is production: a reset would drop every table, so it is refused.\n',
    })
  })

  it('writes a migration from the schema', async () => {
    writeFileSync(
      join(project, 'prisma', 'schema', 'main.prisma'),
      'datasource db {\n  provider = "postgresql"\n}\nmodel a {\n  id Int?\n  key Int @id\n}\n',
    )
    const { code, out } = await db('migration', 'add', 'key')
    expect(code).toBe(0)
    expect(out).toMatch(/^Wrote prisma\/migrations\/\d{14}_add_key\/migration.sql\n {2}Mind: /)
  })

  it('takes DATABASE_DIRECT_URL before DATABASE_URL', async () => {
    const pooled = 'postgresql://nobody:wrong@127.0.0.1:1/x'
    const direct = { DATABASE_URL: pooled, DATABASE_DIRECT_URL: databaseUrl }
    expect(await run(['migrate'], direct)).toMatchObject({ code: 0 })
  })

  it('does not migrate through a pooler', async () => {
    const pooled = { DATABASE_URL: databaseUrl, DATABASE_POOLER: 'true' }
    const { code, err } = await run(['migrate'], pooled)
    expect([code, err]).toEqual([78, expect.stringContaining('DATABASE_DIRECT_URL is missing')])
    const direct = { ...pooled, DATABASE_DIRECT_URL: `${databaseUrl}&connect_timeout=5` }
    expect(await run(['migrate'], direct)).toMatchObject({ code: 0 })
  })

  it('lists the faults of the configuration with exit code 78', async () => {
    expect(await run(['migrate'], { DATABASE_URL: 'mysql://x', APP_ENV: 'prod' })).toEqual({
      code: 78,
      out: '',
      err: expect.stringMatching(
        /^The configuration cannot be used:\n {2}APP_ENV must be .*\n {2}DATABASE_URL .*\n$/,
      ),
    })
  })

  describe('prepare', () => {
    const email = 'admin@example.com'

    it('makes the first admin once, and says what it did and why', async () => {
      expect(await prepare()).toMatchObject({
        code: 0,
        out: expect.stringMatching(/\nMade the first admin admin@example\.com, with .*\.\n$/),
      })
      await query('DELETE FROM "user"')
      expect(await prepare()).toEqual({
        code: 0,
        out:
          'The database is up to date.\n' +
          'No admin made: there is or was one already, and AUTH_ADMIN_EMAIL counts once.\n',
        err: '',
      })
      expect(await query('SELECT FROM "user"')).toEqual([])
    })

    it('says that another account has the e-mail', async () => {
      await run(['migrate'], { ASHLAR_ROOT: root })
      await query(`INSERT INTO "user" (username, email) VALUES ('a', '${email}')`)
      expect((await prepare()).out).toMatch(
        /\nNo admin made: admin@example.com has an account that is no admin\. .*\n$/,
      )
    })

    function prepare() {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const key = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')
      return run(['prepare'], {
        ASHLAR_ROOT: root,
        REDIS_URL: process.env['REDIS_URL'] ?? '',
        SMTP_URL: 'smtp://127.0.0.1:1025',
        AUTH_JWT_PRIVATE_KEY: key,
        AUTH_ADMIN_EMAIL: email,
        AUTH_ADMIN_PASSWORD: randomBytes(12).toString('base64url'),
      })
    }
  })

  it('explains itself', async () => {
    expect(await db('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Usage') })
    expect(await db('migrat')).toMatchObject({ code: 2, err: expect.stringContaining('Usage') })
  })
})

function writeMigration(name: string, script: string) {
  mkdirSync(join(project, 'prisma', 'migrations', name), { recursive: true })
  writeFileSync(join(project, 'prisma', 'migrations', name, 'migration.sql'), script)
}

const db = (...args: string[]) => run(args, {})

const run = (args: string[], environment: Record<string, string>) => ended(start(args, environment))

async function ended(child: ChildProcess) {
  const printed = Promise.all([text(child.stdout!), text(child.stderr!)])
  await once(child, 'close')
  const [out, err] = await printed
  return { code: child.exitCode ?? -1, out, err }
}

function start(args: string[], environment: Record<string, string> = {}) {
  const env = {
    PATH: process.env['PATH'],
    APP_ENV: 'testing',
    DATABASE_URL: databaseUrl,
    ASHLAR_ROOT: project,
    ...environment,
  }
  return spawn(process.execPath, [bundle, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function query(sql: string, connectionString = databaseUrl): Promise<object[]> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    return (await client.query<object>(sql)).rows
  } finally {
    await client.end()
  }
}

async function until(isTrue: () => Promise<boolean>) {
  while (!(await isTrue().catch(() => false))) await setTimeout(20)
}
