import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface OwnServers {
  databaseUrl: string
  redisUrl: string
  stop(): Promise<void>
}

/** Durable servers of one spec that does to them what other specs would not survive. They end with this process, however it ends. */
export async function startOwnServers(): Promise<OwnServers> {
  const child = spawn('node', ['tools/servers/test-servers.ts', '--durable'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const urls = JSON.parse(line) as { DATABASE_URL: string; REDIS_URL: string }
  return { databaseUrl: urls.DATABASE_URL, redisUrl: urls.REDIS_URL, stop }

  async function stop(): Promise<void> {
    child.stdin.end()
    await once(child, 'exit')
  }
}
