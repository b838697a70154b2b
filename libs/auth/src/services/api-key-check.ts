import type { Logger } from '@ashlar/core/logging'
import type { Clock } from '@ashlar/core/module'
import type { AuthStore } from '../auth.store.ts'
import type { LiveApiKey, LiveApiKeyRepository } from '../repositories/live-api-key.repository.ts'
import { digestOf } from './digest.ts'

export interface ApiKeyCheckDeps {
  liveApiKeys: LiveApiKeyRepository
  store: AuthStore
  clock: Clock
  log: Logger
}

export type ApiKeyCheck = ReturnType<typeof createApiKeyCheck>

/** How exact `lastUsedAt` is. */
const noteEveryMs = 60_000

export function createApiKeyCheck({ liveApiKeys, store, clock, log }: ApiKeyCheckDeps) {
  const noting = new Set<string>()
  return { find }

  /** Null for a key that opens nothing, or no longer. */
  async function find(key: string): Promise<LiveApiKey | null> {
    const now = clock.now()
    const found = await liveApiKeys.find(digestOf(key), now)
    if (found && isDue(found, now)) noteUse(found.id, now)
    return found
  }

  function isDue({ id, lastUsedAt }: LiveApiKey, now: Date): boolean {
    return !noting.has(id) && now.getTime() - (lastUsedAt?.getTime() ?? 0) >= noteEveryMs
  }

  /** Nobody waits for it, and a request does not fail for it. */
  function noteUse(id: string, now: Date): void {
    noting.add(id)
    store.apiKeys
      .noteUse(id, now)
      .catch((error: unknown) => log.debug({ err: error }, 'the use of an API key is not noted'))
      .finally(() => noting.delete(id))
  }
}
