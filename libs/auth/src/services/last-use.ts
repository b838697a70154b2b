import type { Logger } from '@ashlar/core/logging'

export interface LastUseDeps {
  /** Stores the time, of a row of some table. */
  store: (id: string, now: Date) => Promise<void>
  log: Logger
}

interface Used {
  id: string
  lastUsedAt: Date | null
}

export type LastUse = ReturnType<typeof createLastUse>

/** The precision of `lastUsedAt`. */
const everyMs = 60_000

/** Notes when something was used last, without a write at each use. */
export function createLastUse({ store, log }: LastUseDeps) {
  const noting = new Set<string>()
  return { note }

  /** Nobody waits for it, and a request does not fail for it. */
  function note({ id, lastUsedAt }: Used, now: Date): void {
    if (noting.has(id) || now.getTime() - (lastUsedAt?.getTime() ?? 0) < everyMs) return
    noting.add(id)
    store(id, now)
      .catch((error: unknown) => log.debug({ err: error }, 'a last use is not noted'))
      .finally(() => noting.delete(id))
  }
}
