// npm run db:migrate | db:migration NAME | db:status | db:reset | db:seed: the database command line, with the
// embedded PostgreSQL under it. Uses the servers of a running `npm run dev`, otherwise starts them for itself.
import { setTimeout as sleep } from 'node:timers/promises'
import { prepare } from '../build/prepare.ts'
import { runBundled } from '../build/run-bundled.ts'
import { runMain } from '../servers/expected-fault.ts'
import { startEmbeddedServers } from './embedded-servers.ts'
import { ensureEnvFile, readEnvironment } from './env-file.ts'
import { leave } from './leave.ts'
import { refuseTakenPorts } from './ports.ts'
import { lockServers, stopLeftovers } from './run-lock.ts'
import { readSettings, type Settings } from './settings.ts'
import { onShutdown } from './shutdown.ts'
import { refuseNewChildren, watchedChildren } from '../servers/reaper.ts'
import { stopInOrder, patient } from '../servers/stopping.ts'

const args = process.argv.slice(2)
const stopping = new AbortController()
const print = (line: string) => process.stdout.write(`${line}\n`)

onShutdown(
  () => stopping.abort(),
  () => process.exit(130),
)

await runMain(async () => {
  ensureEnvFile()
  const settings = readSettings(readEnvironment(), [])
  await prepare(print)
  const stop = await ensureServers(settings)
  try {
    const { code } = await runBundled('tools/db/main.ts', args, settings.shared, {
      signal: stopping.signal,
    })
    process.exitCode = code
  } finally {
    await stop()
  }
})
await leave()

/** Seeding builds the whole application, which wants Redis too; the rest asks PostgreSQL alone. */
async function ensureServers(settings: Settings) {
  const { embedded } = settings
  const wanted = { ...embedded, redis: embedded.redis && args[0] === 'seed', mail: false }
  if (!wanted.postgres && !wanted.redis) return async () => {}
  const lock = await lockUnlessLauncherRuns()
  if (!lock) return async () => {}
  await stopLeftovers()
  const own = { ...settings, embedded: wanted }
  const { POSTGRES_PORT, REDIS_PORT } = settings.ports
  await refuseTakenPorts([
    ...(wanted.postgres ? [{ key: 'POSTGRES_PORT', port: POSTGRES_PORT! }] : []),
    ...(wanted.redis ? [{ key: 'REDIS_PORT', port: REDIS_PORT! }] : []),
  ])
  const servers = startEmbeddedServers(own, print, stopping.signal)
  await Promise.all(Object.values(servers))
  return async () => {
    stopping.abort()
    refuseNewChildren()
    await stopInOrder(watchedChildren(), patient)
    lock.release()
  }
}

/** Two database commands take turns. */
async function lockUnlessLauncherRuns() {
  for (;;) {
    const lock = lockServers('npm run db')
    if ('release' in lock) return lock
    if (lock.heldBy.note !== 'npm run db') return undefined
    await sleep(100)
  }
}
