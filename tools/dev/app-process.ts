import { spawn, type ChildProcess } from 'node:child_process'
import { get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identify } from '../servers/processes.ts'
import { cacheFolder, projectRoot } from '../servers/project.ts'
import {
  areChildrenWelcome,
  assertChildrenWelcome,
  forgetChild,
  watchChild,
} from '../servers/reaper.ts'
import { patient, stopChild, type Child } from '../servers/stopping.ts'
import { bundleOf } from './bundler.ts'
import type { Environment } from './env-file.ts'
import { reachableHosts } from './reachable-host.ts'
import type { Workload } from './workloads.ts'

export interface AppProcessEvents {
  output(child: ChildProcess): void
  /** It ended and nobody had asked it to. */
  crashed(reason: string): void
}

export type AppProcess = ReturnType<typeof createAppProcess>

/** A reload waits for a short time only: whoever edits wants to see the result. */
const brisk = { ...patient, app: [{ signal: 'SIGTERM', waitMs: 2500 } as const] }

/** One process of the system under the launcher: started, restarted, stopped; ready when its health says so. */
export function createAppProcess(
  workload: Workload,
  environment: () => Environment,
  events: AppProcessEvents,
) {
  let current: Child | undefined
  let queue: Promise<unknown> = Promise.resolve()
  return { isRunning: () => current !== undefined, restart, start, waitUntilReady, workload }

  function start() {
    assertChildrenWelcome()
    const child = spawn(process.execPath, ['--enable-source-maps', bundleOf(workload)], {
      cwd: projectRoot,
      // Ctrl-C in the terminal is for the launcher, which stops the processes in order.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...environment(), NODE_COMPILE_CACHE: join(cacheFolder, 'compile') },
    })
    const own: Child = { ...identify(child.pid!), name: workload.name, stage: 'app' }
    current = own
    watchChild(own)
    events.output(child)
    child.once('exit', (code, signal) => {
      forgetChild(own.pid)
      if (current !== own) return
      current = undefined
      events.crashed(signal ? `ended by ${signal}` : `ended with exit code ${code}`)
    })
  }

  /** One after the other; a restart that waits already serves the changes that come in the meantime. */
  function restart() {
    queue = queue.then(async () => {
      const own = current
      current = undefined
      if (own) await stopChild(own, brisk)
      // Everything is being stopped by now, perhaps.
      if (areChildrenWelcome()) start()
    })
    return queue
  }

  /** False when it ended before it was ready. */
  async function waitUntilReady() {
    const own = current
    const url = healthOf(environment())
    while (own && current === own) {
      if (await isReady(url)) return true
      await sleep(25)
    }
    return false
  }
}

const healthOf = (environment: Environment): string =>
  `http://${reachableHosts(environment).management}:${environment.MANAGEMENT_PORT}/health/ready`

function isReady(url: string) {
  return new Promise<boolean>((resolve) => {
    const request = get(url, { agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    request.setTimeout(1000, () => request.destroy())
    request.once('error', () => resolve(false))
  })
}
