import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identify, isRunning, type ProcessIdentity } from './processes.ts'

export interface LockHolder extends ProcessIdentity {
  note: string
}

/**
 * Takes the lock, or returns who holds it. A holder that died has lost it.
 * A hard link is the one way to make a file together with its content in a single step.
 */
export function tryLock(path: string, note = ''): { release(): void } | { heldBy: LockHolder } {
  mkdirSync(dirname(path), { recursive: true })
  for (;;) {
    if (linkOwn(path, note)) return { release: () => rmSync(path, { force: true }) }
    const holder = readHolder(path)
    if (holder && isRunning(holder)) return { heldBy: holder }
    if (holder) removeStale(path)
  }
}

/** Runs `work` while holding the lock; waits for another process that has it. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const lock = tryLock(path)
    if ('release' in lock) {
      try {
        return await work()
      } finally {
        lock.release()
      }
    }
    await sleep(50)
  }
}

function linkOwn(path: string, note: string) {
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`
  writeFileSync(draft, JSON.stringify({ ...identify(process.pid), note }))
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Two waiters may see the same dead holder; only the one with the second lock removes it, after a second look. */
function removeStale(path: string) {
  const guard = `${path}.takeover`
  if (!linkOwn(guard, '')) {
    const holder = readHolder(guard)
    if (holder && !isRunning(holder)) rmSync(guard, { force: true })
    return
  }
  const holder = readHolder(path)
  if (holder && !isRunning(holder)) rmSync(path, { force: true })
  rmSync(guard, { force: true })
}

function readHolder(path: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LockHolder
  } catch {
    return undefined
  }
}
