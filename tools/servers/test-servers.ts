// `node tools/servers/test-servers.ts` starts what tests need, prints one line of JSON (the environment that
// names them) and holds them until its standard input ends or a signal comes. Jest's global set-up, which is CommonJS, uses it so.
// With `--durable`, what was committed survives a crash of the server, as in production.
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runMain } from './expected-fault.ts'
import { freePort } from './free-port.ts'
import { startPostgres } from './postgres.ts'
import { identify, isRunning } from './processes.ts'
import { ensureFolder, localFolder } from './project.ts'
import { dismissReaper, removeFolderAfterwards } from './reaper.ts'
import { startRedis } from './redis.ts'
import { removeFolder } from './stopping.ts'

/**
 * Far from UTC, by half an hour too, and with daylight saving: a session that forgets UTC fails a
 * test.
 */
const testTimeZone = 'Australia/Lord_Howe'

export interface TestServers {
  env: { DATABASE_URL: string; REDIS_URL: string }
  stop(): Promise<void>
}

/** A PostgreSQL and a Redis for one run of tests, on free ports, removed when it ends in any way. Durable as in production only if asked. */
export async function startTestServers({ durable = false } = {}): Promise<TestServers> {
  const folder = makeFolder()
  const password = randomBytes(18).toString('base64url')
  const started = await Promise.allSettled([
    withFreePort((port) =>
      startPostgres({
        dataDir: join(folder, 'postgres'),
        port,
        user: 'ashlar',
        password,
        database: 'ashlar_test',
        durable,
        timeZone: testTimeZone,
        logFile: join(folder, 'postgres.log'),
      }),
    ),
    withFreePort((port) =>
      startRedis({
        dir: join(folder, 'redis'),
        port,
        durable,
        logFile: join(folder, 'redis.log'),
        report: (line) => process.stderr.write(`${line}\n`),
      }),
    ),
  ])
  const running = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = started.find((result) => result.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  const [postgres, redis] = running as [(typeof running)[0], (typeof running)[0]]
  return { env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url }, stop }

  async function stop() {
    await Promise.all(running.map((server) => server.stop()))
    removeFolder(folder)
  }
}

/** Between finding a free port and using it, another program may take it. */
async function withFreePort<T>(start: (port: number) => Promise<T>) {
  try {
    return await start(await freePort())
  } catch (error) {
    if (!/in use/i.test(String(error))) throw error
    return start(await freePort())
  }
}

export function makeFolder() {
  const parent = ensureFolder(join(localFolder, 'test'))
  for (const name of readdirSync(parent))
    if (!isOfRunningProcess(name)) removeFolder(join(parent, name))
  const { pid, startedAt } = identify(process.pid)
  const folder = ensureFolder(join(parent, `${pid}-${startedAt.replaceAll(/\W/g, '_')}`))
  removeFolderAfterwards(folder)
  return folder
}

function isOfRunningProcess(name: string) {
  const pid = Number(name.split('-')[0])
  return isRunning({ pid, startedAt: '' }) && folderNameOf(pid) === name
}

function folderNameOf(pid: number) {
  return `${pid}-${identify(pid).startedAt.replaceAll(/\W/g, '_')}`
}

if (import.meta.main)
  await runMain(async () => {
    const servers = await startTestServers({ durable: process.argv.includes('--durable') })
    process.stdout.write(`${JSON.stringify(servers.env)}\n`)
    await ended()
    await servers.stop()
    await dismissReaper()
    process.exit(0)
  })

export function ended() {
  return new Promise<void>((resolve) => {
    process.stdin.once('end', resolve).once('error', resolve).resume()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => resolve())
  })
}
