import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { eventually } from '@ashlar/core/testing'
import { freePort } from '../servers/free-port.ts'

const root = join(__dirname, '..', '..')

export type Environment = Record<string, string | undefined>

/** A built binary that runs as a process of its own. */
export interface RunningProcess {
  /** Public address; nothing listens there for a worker or scheduler. */
  url: string
  managementUrl: string
  /** Everything that it printed so far. */
  output(): string
  kill(signal: NodeJS.Signals): void
  /** Waits until it ends by itself, or by a signal that it got already, and gives its exit code. */
  ended(): Promise<number | null>
  /** Ends it with SIGTERM, unless it ended already, and gives its exit code. */
  stop(): Promise<number | null>
}

/** Starts `dist/apps/<app>/main.js` on free ports and waits until it is ready, or alive. */
export async function startProcess(
  app: string,
  environment: Environment,
  until: 'ready' | 'live' = 'ready',
): Promise<RunningProcess> {
  const ports = { public: await freePort(), management: await freePort() }
  const folder = join(root, 'dist', 'apps', app)
  const child = spawn(process.execPath, [join(folder, 'main.js')], {
    // Not where a developer has a .env, which would fill what a test leaves out.
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      ...environment,
      PORT: String(ports.public),
      MANAGEMENT_PORT: String(ports.management),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => printed.push(chunk.toString()))
  const running: RunningProcess = {
    url: `http://127.0.0.1:${ports.public}`,
    managementUrl: `http://127.0.0.1:${ports.management}`,
    output: () => printed.join(''),
    kill: (signal) => child.kill(signal),
    ended: () => ended(child),
    stop: () => stop(child),
  }
  try {
    await eventually(() => isUp(running, child, until), 20_000)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return running
}

async function isUp(
  { managementUrl, output }: RunningProcess,
  child: ChildProcess,
  until: 'ready' | 'live',
) {
  if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}:\n${output()}`)
  const answer = await fetch(`${managementUrl}/health/${until}`).catch(() => undefined)
  return answer?.ok
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  return ended(child)
}
