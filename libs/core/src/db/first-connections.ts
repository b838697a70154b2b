import { setTimeout as sleep } from 'node:timers/promises'
import type { OutageLog } from '../logging/index.ts'
import type { PatientPool } from './patient-pool.ts'

export interface FirstConnectionsDeps {
  pool: PatientPool
  count: number
  outage: OutageLog
}

const pauseMs = 1_000

/**
 * Opens a few connections ahead of the requests that need them, at the start and when connections
 * were lost. A process that gets none reports why, whether or not somebody sends it requests.
 */
export function createFirstConnections({ pool, count, outage }: FirstConnectionsDeps) {
  const stopping = new AbortController()
  let attempt: Promise<void> | undefined
  let trying: Promise<void> | undefined
  let areThere = false
  return { open, keepTrying, stop, wereOpened: () => areThere }

  /** One attempt, shared by those who ask meanwhile. Throws if it fails. */
  function open(): Promise<void> {
    return (attempt ??= tryOnce().finally(() => (attempt = undefined)))
  }

  async function tryOnce(): Promise<void> {
    try {
      await pool.open(count)
      areThere = true
      outage.recovered()
    } catch (error) {
      if (!stopping.signal.aborted) outage.failed(error)
      throw error
    }
  }

  /** Never throws, and ends with the first success or the stop. */
  function keepTrying(): Promise<void> {
    return (trying ??= tryUntilThere().finally(() => (trying = undefined)))
  }

  async function tryUntilThere(): Promise<void> {
    while (!stopping.signal.aborted)
      try {
        return await open()
      } catch {
        await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      }
  }

  function stop(): void {
    stopping.abort()
  }
}
