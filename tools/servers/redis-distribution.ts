import { execFile } from 'node:child_process'
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { asExpectedFault } from './expected-fault.ts'
import { withLock } from './file-lock.ts'
import { cacheFolder, ensureFolder } from './project.ts'
import { findOnPath } from './find-on-path.ts'
import { removeFolder } from './stopping.ts'

const packages = ['redis-server', 'valkey-server']
const execute = promisify(execFile)

/**
 * The package of Debian or Ubuntu, fetched and verified by apt itself with lists and downloads in our own cache,
 * and unpacked there: no root, and the system stays as it is.
 */
export async function unpackDistributionRedis(
  report: (line: string) => void,
): Promise<{ path: string; env: NodeJS.ProcessEnv } | { reason: string }> {
  const target = join(ensureFolder(cacheFolder), 'redis')
  const ready = findProgram(target)
  if (ready) return ready
  if (!findOnPath('apt-get') || !findOnPath('dpkg-deb')) return { reason: '' }
  return withLock(join(cacheFolder, 'redis.lock'), async () => {
    const meanwhile = findProgram(target)
    if (meanwhile) return meanwhile
    report('Redis is not installed: fetching the package of this distribution (once)')
    const work = join(cacheFolder, 'redis-download')
    try {
      await download(work)
      await unpack(work, target)
    } catch (error) {
      const fault = asExpectedFault(error)
      if (fault) throw fault
      return { reason: `its package could not be fetched: ${firstLine(error)}` }
    } finally {
      removeFolder(work)
    }
    return findProgram(target) ?? { reason: 'the package holds no server' }
  })
}

function findProgram(target: string) {
  if (!existsSync(join(target, 'complete'))) return undefined
  const path = packages.map((name) => join(target, 'usr/bin', name)).find((p) => existsSync(p))
  if (!path) return undefined
  const libraries = ['usr/lib', 'lib']
    .map((name) => join(target, name))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [folder, ...subfolders(folder)])
  return { path, env: { LD_LIBRARY_PATH: libraries.join(':') } }
}

function subfolders(folder: string) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
}

async function download(work: string) {
  removeFolder(work)
  ensureFolder(join(work, 'lists/partial'))
  ensureFolder(join(work, 'cache/archives/partial'))
  const options = [
    `Dir::State::lists=${work}/lists`,
    `Dir::Cache=${work}/cache`,
    // Nothing is installed, so the system's lock is neither needed nor, without root, to be had.
    'Debug::NoLocking=true',
    'APT::Sandbox::User=',
    'Acquire::Retries=2',
    'Acquire::http::Timeout=20',
    'Acquire::Languages=none',
    'APT::Update::Post-Invoke-Success::=/bin/true',
  ].flatMap((option) => ['-o', option])
  await apt([...options, '-qq', 'update'])
  let fault: unknown
  for (const name of packages) {
    try {
      const flags = ['-qq', '-y', '--no-install-recommends', '--download-only']
      await apt([...options, ...flags, 'install', name])
      return
    } catch (error) {
      fault ??= error
    }
  }
  throw fault
}

function apt(args: string[]) {
  return execute('apt-get', args, {
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 180_000,
  })
}

async function unpack(work: string, target: string) {
  const draft = join(work, 'unpacked')
  ensureFolder(draft)
  const archives = readdirSync(join(work, 'cache/archives')).filter((name) => name.endsWith('.deb'))
  for (const name of archives)
    await execute('dpkg-deb', ['-x', join(work, 'cache/archives', name), draft])
  writeFileSync(join(draft, 'complete'), '')
  removeFolder(target)
  renameSync(draft, target)
}

function firstLine(error: unknown) {
  const { stderr, message } = error as { stderr?: string; message?: string }
  const lines = (stderr?.trim() || message || String(error)).split('\n')
  return lines.find((line) => /^E: /.test(line))?.slice(3) ?? lines[0]
}
