import { execFileSync } from 'node:child_process'
import { unpackDistributionRedis } from './redis-distribution.ts'
import { findOnPath } from './find-on-path.ts'
import { ExpectedFault } from './expected-fault.ts'

export type RedisSource =
  { kind: 'program'; path: string; env?: NodeJS.ProcessEnv } | { kind: 'docker'; image: string }

const image = 'redis:7.4-alpine'

/**
 * No npm package carries a Redis server, so: the one on the PATH, else the distribution's own package unpacked
 * in our cache, else a container.
 */
export async function findRedis(report: (line: string) => void): Promise<RedisSource> {
  const installed = findOnPath('redis-server') ?? findOnPath('valkey-server')
  if (installed) return { kind: 'program', path: installed }
  const unpacked = await unpackDistributionRedis(report)
  if ('path' in unpacked) return { kind: 'program', ...unpacked }
  if (isDockerRunning()) return { kind: 'docker', image }
  throw new ExpectedFault(
    `There is no Redis here${unpacked.reason ? ` (${unpacked.reason})` : ''}. ` +
      `Install one: ${installLine()}   or set REDIS_URL in .env.`,
  )
}

function isDockerRunning() {
  if (!findOnPath('docker')) return false
  try {
    execFileSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 })
    return true
  } catch {
    return false
  }
}

function installLine() {
  if (process.platform === 'darwin') return 'brew install redis'
  const lines: [string, string][] = [
    ['apt-get', 'sudo apt-get install redis-server'],
    ['dnf', 'sudo dnf install redis'],
    ['pacman', 'sudo pacman -S valkey'],
    ['apk', 'sudo apk add redis'],
    ['zypper', 'sudo zypper install redis'],
  ]
  return lines.find(([program]) => findOnPath(program))?.[1] ?? 'https://redis.io/docs/install'
}
