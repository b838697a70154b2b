import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ExpectedFault } from './expected-fault.ts'
import type { PostgresOptions } from './postgres-options.ts'
import { postgresBinaries } from './postgres-binaries.ts'
import { ensureFolder } from './project.ts'
import type { ServerUser } from './server-user.ts'

export const postgresLocale = { LC_ALL: 'C', TZ: 'UTC' }

/** Makes the data directory with its role and database, or sets the role's password if it is another now. */
export async function ensureDataDirectory(options: PostgresOptions, user: ServerUser) {
  const { dataDir } = options
  if (!existsSync(readyFile(dataDir))) return initialise(options, user)
  takeOver(dataDir, user)
  if (readFileSync(readyFile(dataDir), 'utf8') !== fingerprint(options))
    changePassword(options, user)
}

/** Root may have started it before as another user, or have changed the owner of the whole checkout. */
function takeOver(
  path: string,
  { uid = process.getuid?.(), gid = process.getgid?.() }: ServerUser,
) {
  if (process.getuid?.() !== 0 || statSync(path).uid === uid) return
  const entries = readdirSync(path, { recursive: true, encoding: 'utf8' })
  for (const entry of ['.', ...entries]) lchownSync(join(path, entry), uid!, gid!)
}

async function initialise(options: PostgresOptions, user: ServerUser) {
  const { dataDir } = options
  // A directory that was not finished holds no data.
  rmSync(dataDir, { recursive: true, force: true })
  ensureFolder(dataDir)
  chmodSync(dataDir, 0o700)
  if (user.uid !== undefined) chownSync(dataDir, user.uid, user.gid!)
  await initdb(options, user)
  writeFileSync(readyFile(dataDir), fingerprint(options))
}

/** Written last, so a data directory without it was never finished. */
function readyFile(dataDir: string) {
  return join(dataDir, 'ashlar-ready')
}

function fingerprint({ user, password }: PostgresOptions) {
  return createHash('sha256').update(`${user}:${password}`).digest('hex')
}

/** A new `.env` has another password than the one that the data directory was made with. */
function changePassword(options: PostgresOptions, user: ServerUser) {
  const role = `"${options.user.replaceAll('"', '""')}"`
  const password = `'${options.password.replaceAll("'", "''")}'`
  runSql(`ALTER ROLE ${role} PASSWORD ${password}`, options.dataDir, user)
  writeFileSync(readyFile(options.dataDir), fingerprint(options))
}

async function initdb(options: PostgresOptions, user: ServerUser) {
  const { initdb } = postgresBinaries()
  const passwordFile = `${options.dataDir}.${process.pid}.password`
  writeFileSync(passwordFile, options.password, { mode: 0o600 })
  if (user.uid !== undefined) chownSync(passwordFile, user.uid, user.gid!)
  try {
    await run(user, initdb, [
      `--pgdata=${options.dataDir}`,
      `--username=${options.user}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
      ...(options.durable ? [] : ['--no-sync']),
    ])
    if (options.database) runSql(`CREATE DATABASE "${options.database}"`, options.dataDir, user)
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

/** In single-user mode, so that a server need not be started and connected to first. */
function runSql(sql: string, dataDir: string, user: ServerUser) {
  const { postgres } = postgresBinaries()
  const [command, ...args] = [...user.prefix, postgres, '--single', '-D', dataDir, 'postgres']
  try {
    execFileSync(command, args, {
      input: `${sql}\n`,
      stdio: ['pipe', 'ignore', 'pipe'],
      encoding: 'utf8',
      cwd: dataDir,
      env: { ...process.env, ...postgresLocale },
      uid: user.uid,
      gid: user.gid,
    })
  } catch (error) {
    throw dataDirectoryFault(error)
  }
}

async function run(user: ServerUser, binary: string, given: string[]) {
  const [command, ...args] = [...user.prefix, binary, ...given]
  try {
    await promisify(execFile)(command!, args, {
      cwd: '/',
      env: { ...process.env, ...postgresLocale },
      uid: user.uid,
      gid: user.gid,
    })
  } catch (error) {
    throw dataDirectoryFault(error)
  }
}

function dataDirectoryFault(error: unknown) {
  const { stderr } = error as { stderr?: string }
  const reason = stderr?.trim().split('\n').slice(-4).join('\n')
  return new ExpectedFault(
    `PostgreSQL cannot prepare its data directory:\n${reason ?? String(error)}`,
  )
}
