import { existsSync, readdirSync, unlinkSync } from 'node:fs'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { Redis } from 'ioredis'
import { leftOver } from '../dev/testing/left-over.ts'
import { createSandbox, type Sandbox } from '../dev/testing/sandbox.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await createSandbox()
})
afterAll(() => sandbox.remove())

describe('the servers of a test run', () => {
  const script = `import { spawn } from 'node:child_process'
const child = spawn(process.execPath, ['tools/servers/test-servers.ts'], { stdio: ['pipe', 'inherit', 'inherit'] })
process.on('SIGTERM', () => child.stdin.end())
child.once('exit', (code) => process.exit(code ?? 1))
`

  it('answer, and are gone with their data when the run ends', async () => {
    sandbox.write('tools/dev/run.ts', script)
    const run = sandbox.start('run')
    const env = JSON.parse((await run.sees(/^\{.*\}$/m))[0]) as Record<string, string>
    expect(await query(env['DATABASE_URL']!, 'SHOW fsync')).toBe('off')
    expect(await maxMemoryPolicy(env['REDIS_URL']!)).toBe('noeviction')
    run.kill('SIGTERM')
    expect(await run.exit).toBe(0)
    expect(readdirSync(join(sandbox.root, '.ashlar/test'))).toEqual([])
    expect(await leftOver(sandbox.root, portsOf(env), 1000)).toEqual([])
  })

  it('are gone within 5 s after kill -9, with their data', async () => {
    sandbox.write('tools/dev/run.ts', `import '../servers/test-servers.ts'`)
    sandbox.write(
      'tools/dev/run.ts',
      `import { startTestServers } from '../servers/test-servers.ts'
const { env } = await startTestServers()
console.log(JSON.stringify(env))
setInterval(() => {}, 1000)
`,
    )
    const run = sandbox.start('run')
    const env = JSON.parse((await run.sees(/^\{.*\}$/m))[0]) as Record<string, string>
    run.kill('SIGKILL')
    expect(await leftOver(sandbox.root, portsOf(env), 5000)).toEqual([])
    expect(readdirSync(join(sandbox.root, '.ashlar/test'))).toEqual([])
  })
})

describe('the embedded PostgreSQL', () => {
  beforeAll(() => {
    sandbox.write(
      'tools/dev/postgres.ts',
      `import { startPostgres } from '../servers/postgres.ts'
const [password, dataDir] = process.argv.slice(2)
const server = await startPostgres({
  dataDir, port: Number(process.env.POSTGRES_PORT), user: 'ashlar', password, database: 'ashlar', durable: true,
})
console.log('pid', server.pid, server.url)
process.once('SIGTERM', async () => { await server.stop(); process.exit(0) })
`,
    )
  })

  it('keeps what was committed when it is killed with -9', async () => {
    const first = await startPostgres('one')
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS value')
    process.kill(first.pid, 'SIGKILL')
    first.run.kill('SIGKILL')
    const second = await startPostgres('one')
    expect(await query(second.url, 'SELECT value FROM kept')).toBe(42)
    second.run.kill('SIGTERM')
    await second.run.exit
  })

  it('takes the password of a new .env', async () => {
    const { run, url } = await startPostgres("it's another")
    expect(await query(url, 'SELECT value FROM kept')).toBe(42)
    run.kill('SIGTERM')
    await run.exit
  })

  it('listens on this machine alone', async () => {
    const { run, url } = await startPostgres('one')
    expect(await query(url, 'SHOW listen_addresses')).toBe('127.0.0.1')
    expect(await query(url, 'SHOW unix_socket_directories')).toBe('')
    run.kill('SIGTERM')
    await run.exit
  })

  async function startPostgres(password: string) {
    const run = sandbox.start('postgres', [password, join(sandbox.root, '.ashlar/data')])
    const [, pid, url] = await run.sees(/pid (\d+) (\S+)/)
    return { pid: Number(pid), run, url: url! }
  }
})

describe('Redis is found', () => {
  const programs = () => join(sandbox.root, 'programs')
  const cache = () => join(sandbox.root, '.ashlar/cache/redis')

  beforeAll(() => {
    sandbox.write(
      'tools/dev/redis.ts',
      `import { findRedis } from '../servers/redis-binary.ts'
import { runMain } from '../servers/expected-fault.ts'
await runMain(async () => console.log(JSON.stringify(await findRedis(console.log))))
`,
    )
    unlinkSync(cache())
  })

  it('as a program on the PATH, Redis before Valkey', async () => {
    program('valkey-server', 'exit 0')
    expect(await find()).toContain('programs/valkey-server')
    program('redis-server', 'exit 0')
    expect(await find()).toContain('programs/redis-server')
    unlinkSync(join(programs(), 'redis-server'))
    unlinkSync(join(programs(), 'valkey-server'))
  })

  it('else in the package of the distribution, unpacked in the cache without a trace elsewhere', async () => {
    program(
      'apt-get',
      'case "$*" in *install*) for o; do case $o in Dir::Cache=*) touch "${o#*=}/archives/redis.deb";; esac; done;; esac',
    )
    program('dpkg-deb', 'mkdir -p "$3/usr/bin" && touch "$3/usr/bin/redis-server"')
    expect(await find()).toContain('cache/redis/usr/bin/redis-server')
    expect(existsSync(join(sandbox.root, '.ashlar/cache/redis-download'))).toBe(false)
  })

  it('else as a container', async () => {
    removeCache()
    program('apt-get', 'echo "E: no network" >&2; exit 100')
    program('docker', 'exit 0')
    expect(await find()).toMatch(/"kind":"docker","image":"redis:/)
  })

  it('or else the one line to type is said, with the reason', async () => {
    unlinkSync(join(programs(), 'docker'))
    const output = await find()
    expect(output).toContain(
      'There is no Redis here (its package could not be fetched: no network).',
    )
    expect(output).toContain('Install one: sudo apt-get install redis-server')
  })

  async function find() {
    const path = `${programs()}:${join(process.cwd(), 'node_modules/.bin')}`
    return (await sandbox.run('redis', [], { PATH: `${path}:${sandbox.root}/system` })).output
  }

  function program(name: string, script: string) {
    sandbox.write(`programs/${name}`, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`)
    chmodSync(join(programs(), name), 0o755)
  }

  function removeCache() {
    unlinkSync(join(cache(), 'complete'))
  }
})

async function query(url: string, sql: string) {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql)
    return Object.values(rows[0] ?? {})[0]
  } finally {
    await client.end()
  }
}

async function maxMemoryPolicy(url: string) {
  const redis = new Redis(url)
  try {
    return (await redis.config('GET', 'maxmemory-policy'))[1]
  } finally {
    redis.disconnect()
  }
}

function portsOf(env: Record<string, string>) {
  return Object.fromEntries(
    Object.entries(env).map(([key, value]) => [key, Number(new URL(value).port)]),
  )
}
