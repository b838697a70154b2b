import type { Clock } from '@ashlar/core/module'
import type { LiveApiKey, LiveApiKeyRepository } from '../repositories/live-api-key.repository.ts'
import { digestOf } from './digest.ts'
import type { LastUse } from './last-use.ts'

export interface ApiKeyCheckDeps {
  liveApiKeys: LiveApiKeyRepository
  lastUse: LastUse
  clock: Clock
}

export type ApiKeyCheck = ReturnType<typeof createApiKeyCheck>

export function createApiKeyCheck({ liveApiKeys, lastUse, clock }: ApiKeyCheckDeps) {
  return { find }

  /** Null for a key that opens nothing, or no longer. */
  async function find(key: string): Promise<LiveApiKey | null> {
    const now = clock.now()
    const found = await liveApiKeys.find(digestOf(key), now)
    if (found) lastUse.note(found, now)
    return found
  }
}
