import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { describeBlockage, wayToEnd, type LockWatch } from './lock-watch.ts'
import { hasState, sqlState } from './migration.errors.ts'

export interface LockLimits {
  /**
   * How long a statement waits for a lock, in milliseconds: every request for the table queues up
   * behind it.
   */
  limitMs: number
  /** How long a migration is tried again after the first refusal, in milliseconds. */
  patienceMs: number
}

export const defaultLockLimits: LockLimits = { limitMs: 1_000, patienceMs: 300_000 }

export interface LockPatience {
  /** Runs `attempt`, and again after a pause while a lock is refused to it. */
  retry(attempt: () => Promise<void>): Promise<void>
  /** For the report of the failure: who held the lock, and how often it was tried. */
  explain(): string[]
}

export interface LockPatienceDeps {
  client: Client
  watch: LockWatch
  limits: LockLimits
  onNotice: (text: string) => void
}

const longestPauseMs = 20_000

/**
 * Tries a migration again when it gets no lock. Requests are held up for the limit at each try, and
 * run freely in the pauses, which grow.
 */
export function createLockPatience({ client, watch, limits, onNotice }: LockPatienceDeps) {
  let tries = 0
  let firstRefusal = 0
  return { retry, explain } satisfies LockPatience

  async function retry(attempt: () => Promise<void>): Promise<void> {
    for (;;) {
      watch.forget()
      try {
        return await attempt()
      } catch (error) {
        if (!isLockRefusal(error)) throw error
        tries += 1
        if (tries === 1) firstRefusal = performance.now()
        const pauseMs = pauseAfter(tries)
        if (performance.now() + pauseMs - firstRefusal > limits.patienceMs) throw error
        onNotice(`No lock: ${reason()}. Trying again in ${(pauseMs / 1_000).toFixed(1)} s.`)
        if (isHeldByAutovacuum()) await outwaitAutovacuum(client)
        await sleep(pauseMs)
      }
    }
  }

  function explain(): string[] {
    if (tries === 0) return []
    const blockage = watch.seen()
    return [
      `Tried ${tries} ${tries === 1 ? 'time' : 'times'}; at last ${reason()}.`,
      blockage
        ? `Wait for its end, or end it: ${wayToEnd(blockage)}`
        : 'Look at pg_stat_activity for a transaction that is open for long, and end it.',
    ]
  }

  function reason(): string {
    const blockage = watch.seen()
    return blockage ? describeBlockage(blockage) : 'another session holds the lock'
  }

  function isHeldByAutovacuum(): boolean {
    return watch.seen()?.holders.some(({ isAutovacuum }) => isAutovacuum) ?? false
  }
}

/** Half as much again or less, so that several waiting programs do not meet at each try. */
function pauseAfter(tries: number): number {
  return Math.min(500 * 2 ** tries, longestPauseMs) * (0.5 + Math.random())
}

/**
 * PostgreSQL ends an autovacuum for whoever waits, but only after `deadlock_timeout`, which is as
 * long as our limit. Requests are not held up by that: the next moment the lock is free.
 */
async function outwaitAutovacuum(client: Client): Promise<void> {
  await client.query(
    `SELECT set_config('lock_timeout', (setting::int + 1000)::text, false)
       FROM pg_settings WHERE name = 'deadlock_timeout'`,
  )
}

const isLockRefusal = (error: unknown): boolean =>
  error instanceof Error &&
  hasState(error.cause, sqlState.lockNotAvailable, sqlState.deadlockDetected)
