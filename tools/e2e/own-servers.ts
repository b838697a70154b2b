import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface OwnServers {
  databaseUrl: string
  redisUrl: string
  stop(): Promise<void>
}

export interface ReplicatedServers {
  primaryUrl: string
  standbyUrl: string
  stop(): Promise<void>
}

/**
 * A PostgreSQL and a standby that follows it, for a spec that fails over. They end with this
 * process, however it ends.
 */
export async function startReplicatedPostgres(): Promise<ReplicatedServers> {
  const { printed, stop } = await startProgram(['tools/servers/replicated-postgres.ts'])
  return { ...(printed as Omit<ReplicatedServers, 'stop'>), stop }
}

/** Durable servers of one spec that does to them what other specs would not survive. They end with this process, however it ends. */
export async function startOwnServers(): Promise<OwnServers> {
  const { printed, stop } = await startProgram(['tools/servers/test-servers.ts', '--durable'])
  const urls = printed as { DATABASE_URL: string; REDIS_URL: string }
  return { databaseUrl: urls.DATABASE_URL, redisUrl: urls.REDIS_URL, stop }
}

/** It prints one line of JSON when its servers run, and stops them when its standard input ends. */
async function startProgram(args: string[]) {
  const child = spawn('node', args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { printed: JSON.parse(line) as unknown, stop }

  async function stop(): Promise<void> {
    child.stdin.end()
    await once(child, 'exit')
  }
}
