import { setTimeout as pause } from 'node:timers/promises'
import { createOutageLog, type Logger } from '../logging/index.ts'
import { createWakeUp } from './wake-up.ts'

export interface WorkLoopDeps {
  /** Names the work in the log when it fails. */
  what: string
  /**
   * Resolves with the milliseconds until it is to run again, unless it is woken; 0 where there may
   * be more to do.
   */
  work: (isStopping: () => boolean) => Promise<number>
  log: Logger
}

const backoffMs = { first: 100, longest: 3_000 }

/**
 * Works again and again until it is stopped. A failure is followed by a pause, which grows and
 * which no call cuts short. Loops side by side do not hold each other up.
 */
export function createWorkLoop({ what, work, log }: WorkLoopDeps) {
  const outage = createOutageLog(log, what)
  const wakeUp = createWakeUp()
  let stopping = false
  let running: Promise<void> = Promise.resolve()
  return { start, wake: wakeUp.call, drain, stop }

  function start(): void {
    running = workUntilStopped()
  }

  function drain(): void {
    stopping = true
    wakeUp.call()
  }

  /**
   * Waits for the run that is under way, but not longer. Work that is cut off is rolled back by
   * PostgreSQL.
   */
  async function stop(withinMs = 2_000): Promise<void> {
    drain()
    await Promise.race([running, pause(withinMs, undefined, { ref: false })])
  }

  async function workUntilStopped(): Promise<void> {
    let failures = 0
    while (!stopping)
      try {
        const restMs = await work(() => stopping)
        failures = 0
        outage.recovered()
        if (restMs > 0) await wakeUp.sleep(restMs)
      } catch (error) {
        outage.failed(error)
        await pauseAfter(failures++)
      }
  }

  async function pauseAfter(failures: number): Promise<void> {
    const until = Date.now() + Math.min(backoffMs.first * 2 ** failures, backoffMs.longest)
    while (!stopping && Date.now() < until) await wakeUp.sleep(until - Date.now())
  }
}
