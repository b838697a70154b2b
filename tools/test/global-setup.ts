import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/**
 * Neither UTC nor the zone of the test database, so that local time is in no test right by chance.
 */
const processTimeZone = 'America/St_Johns'

/**
 * Starts a PostgreSQL and a Redis for this run and tells the Jest workers where they are. The servers run under a process of their own, which
 * stops them when its standard input closes: also when Jest is killed.
 */
export default async function globalSetup(): Promise<void> {
  const servers = spawn('node', ['tools/servers/test-servers.ts'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(servers, 'exit')
  const firstLine = once(createInterface({ input: servers.stdout }), 'line') as Promise<[string]>
  const started = await Promise.race([firstLine, exited.then(() => undefined)])
  if (!started) throw new Error('The test servers did not start; the reason is printed above.')
  const environment = JSON.parse(started[0]) as Record<string, string>
  Object.assign(process.env, environment, { TZ: processTimeZone })
  globalThis.stopTestServers = async () => {
    servers.stdin.end()
    await exited
  }
}

declare global {
  var stopTestServers: (() => Promise<void>) | undefined
}
