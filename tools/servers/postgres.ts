import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExpectedFault } from './expected-fault.ts'
import { postgresBinaries } from './postgres-binaries.ts'
import { ensureDataDirectory, postgresLocale } from './postgres-data-directory.ts'
import { commandLine, identify, stopProcess, workingFolder } from './processes.ts'
import { localFolder } from './project.ts'
import { spawnServer, type RunningServer } from './server-process.ts'
import { chooseServerUser, type ServerUser } from './server-user.ts'
import { patient } from './stopping.ts'
import type { PostgresOptions } from './postgres-options.ts'

/** Starts PostgreSQL on 127.0.0.1, on a new data directory or one left by any kind of end. */
export async function startPostgres(options: PostgresOptions): Promise<RunningServer> {
  const { postgres } = postgresBinaries()
  const user = chooseServerUser(postgres)
  const { dataDir, port, database = 'postgres' } = options
  await stopLeftover(dataDir)
  await ensureDataDirectory(options, user)
  const server = await launch(options, postgres, user)
  const login = `${encodeURIComponent(options.user)}:${encodeURIComponent(options.password)}`
  return {
    pid: server.pid,
    exited: server.exited,
    stop: server.stop,
    // Without the mode, PGSSLMODE of the shell would count.
    url: `postgresql://${login}@127.0.0.1:${port}/${database}?sslmode=disable`,
  }
}

/** A kill -9 leaves postmaster.pid behind, and perhaps the server too; the pid may be another program's by now. */
async function stopLeftover(dataDir: string) {
  const pidFile = join(dataDir, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0])
  if (pid > 0 && isPostgresOf(pid, dataDir)) await stopProcess(identify(pid), patient.postgres)
  rmSync(pidFile, { force: true })
}

function isPostgresOf(pid: number, dataDir: string) {
  return workingFolder(pid) === dataDir || commandLine(pid).includes(`-D ${dataDir} `)
}

async function launch(options: PostgresOptions, postgres: string, user: ServerUser) {
  const { dataDir } = options
  const logFile = options.logFile ?? join(localFolder, 'logs/postgres.log')
  const [command, ...args] = [...user.prefix, postgres, '-D', dataDir, ...settings(options)]
  // Sessions of a killed server need a moment to notice, and hold its shared memory until then.
  for (let attempt = 1; ; attempt++) {
    const server = spawnServer({
      name: 'PostgreSQL',
      stage: 'postgres',
      command: command!,
      args,
      logFile,
      cwd: dataDir,
      env: { PATH: process.env.PATH, ...postgresLocale },
      uid: user.uid,
      gid: user.gid,
    })
    if (await isReady(server, dataDir)) return server
    const reason = server.lastWords()
    if (attempt > 20 || !/shared memory block|lock file/.test(reason))
      throw new ExpectedFault(`PostgreSQL did not start:\n${reason}`)
    await sleep(150)
  }
}

function settings({ port, durable, timeZone = 'UTC', standbyOf }: PostgresOptions) {
  const values = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    log_timezone: 'UTC',
    timezone: timeZone,
    ...(standbyOf && { primary_conninfo: standbyOf }),
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** PostgreSQL itself writes `ready` into its pid file, which `pg_ctl` reads too. */
async function isReady(server: ReturnType<typeof spawnServer>, dataDir: string) {
  const deadline = Date.now() + 60_000
  while (server.isRunning()) {
    if (Date.now() > deadline) {
      await server.stop()
      return false
    }
    if (statusOf(dataDir, server.pid) === 'ready') return true
    await sleep(15)
  }
  return false
}

function statusOf(dataDir: string, pid: number) {
  try {
    const lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')
    return Number(lines[0]) === pid ? lines[7]?.trim() : undefined
  } catch {
    return undefined
  }
}
