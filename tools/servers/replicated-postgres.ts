// `node tools/servers/replicated-postgres.ts` starts a primary and a standby that follows it,
// prints one line of JSON with their addresses and holds them until its standard input ends. Jest,
// which is CommonJS, uses it so.
import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runMain } from './expected-fault.ts'
import { freePort } from './free-port.ts'
import { ensureDataDirectory } from './postgres-data-directory.ts'
import { postgresBinaries } from './postgres-binaries.ts'
import type { PostgresOptions } from './postgres-options.ts'
import { startPostgres } from './postgres.ts'
import { dismissReaper } from './reaper.ts'
import type { RunningServer } from './server-process.ts'
import { chooseServerUser } from './server-user.ts'
import { removeFolder } from './stopping.ts'
import { ended, makeFolder } from './test-servers.ts'

export interface ReplicatedPostgres {
  primaryUrl: string
  standbyUrl: string
}

/** Both on free ports, with the same user and password, durable as in production. */
async function startReplicatedPostgres() {
  const folder = makeFolder()
  const shared = {
    user: 'ashlar',
    password: randomBytes(18).toString('base64url'),
    database: 'ashlar_test',
    durable: true,
  }
  const started: RunningServer[] = []
  const primary = await start('primary')
  const standby = await start('standby', primary.url)
  return { addresses: { primaryUrl: primary.url, standbyUrl: standby.url }, stop }

  async function start(name: string, standbyOf?: string): Promise<RunningServer> {
    const options: PostgresOptions = {
      ...shared,
      dataDir: join(folder, name),
      port: await freePort(),
      logFile: join(folder, `${name}.log`),
    }
    await prepare(options, standbyOf)
    const server = await startPostgres({ ...options, ...(standbyOf && { standbyOf }) })
    started.push(server)
    return server
  }

  /** A copy that was made before the first start has all that it needs to follow. */
  async function prepare(options: PostgresOptions, standbyOf?: string): Promise<void> {
    if (standbyOf) return writeFileSync(join(options.dataDir, 'standby.signal'), '')
    const user = chooseServerUser(postgresBinaries().postgres)
    await ensureDataDirectory(options, user)
    const copy = join(folder, 'standby')
    cpSync(options.dataDir, copy, { recursive: true })
    chmodSync(copy, 0o700)
  }

  async function stop(): Promise<void> {
    await Promise.all(started.map((server) => server.stop()))
    removeFolder(folder)
  }
}

if (import.meta.main)
  await runMain(async () => {
    const servers = await startReplicatedPostgres()
    process.stdout.write(`${JSON.stringify(servers.addresses)}\n`)
    await ended()
    await servers.stop()
    await dismissReaper()
    process.exit(0)
  })
