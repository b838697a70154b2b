import type { Page, PageRequest } from '@ashlar/core/db'
import type { Clock } from '@ashlar/core/module'
import { apiKeyNotFound, tooManyApiKeys, userNotFound, wrongPassword } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import { accessChanged } from '../events/access-changed.event.ts'
import type { ApiKey } from '../repositories/api-key.repository.ts'
import type { Client } from '../repositories/client.ts'
import type { NewApiKeyBody } from '../schemas/api-key.schema.ts'
import { hintOfApiKey, newApiKey } from './api-key.ts'
import type { CurrentPassword } from './current-password.ts'
import { digestOf } from './digest.ts'

export interface ApiKeyServiceDeps {
  store: AuthStore
  currentPasswords: CurrentPassword
  clock: Clock
}

export type ApiKeyService = ReturnType<typeof createApiKeyService>

const mostOfOneUser = 50
const dayMs = 86_400_000

export function createApiKeyService({ store, currentPasswords, clock }: ApiKeyServiceDeps) {
  return { create, get, findPageOf, remove }

  /** The key itself is in this answer and never again. */
  async function create(
    userId: number,
    { currentPassword, name, scopes, expiresInDays }: NewApiKeyBody,
    client: Client,
  ): Promise<ApiKey & { key: string }> {
    const user = await currentPasswords.identify(userId, currentPassword, client)
    const key = newApiKey()
    const at = clock.now()
    const row = {
      userId,
      name,
      hash: digestOf(key),
      hint: hintOfApiKey(key),
      scopes: [...new Set(scopes)].sort(),
      createdAt: at,
      expiresAt: new Date(at.getTime() + expiresInDays * dayMs),
    }
    return store.transaction(
      async (store) => {
        // Who deletes the account, or takes it back by mail, removes its keys. None may come in between.
        if (!(await store.users.hold(user)))
          throw (await store.users.findById(userId)) ? wrongPassword() : userNotFound()
        if ((await store.apiKeys.countOf(userId)) >= mostOfOneUser) throw tooManyApiKeys()
        const created = await store.apiKeys.create(row)
        await store.events.publish(accessChanged, { userId, change: 'api_key_created' })
        const entry = { actorId: userId, userId, client, at, details: { apiKeyId: created.id } }
        await store.audit.record({ action: 'api_key_created', ...entry })
        return { ...created, key }
      },
      { isolation: 'serializable' },
    )
  }

  async function get(id: string, userId: number): Promise<ApiKey> {
    const key = await store.apiKeys.find(id, userId)
    if (!key) throw apiKeyNotFound()
    return key
  }

  function findPageOf(userId: number, list: PageRequest): Promise<Page<ApiKey>> {
    return store.apiKeys.findPageOf(userId, list)
  }

  function remove(id: string, userId: number, client: Client): Promise<void> {
    return store.transaction(async (store) => {
      if (!(await store.apiKeys.remove(id, userId))) throw apiKeyNotFound()
      const entry = { actorId: userId, userId, client, at: clock.now(), details: { apiKeyId: id } }
      await store.audit.record({ action: 'api_key_deleted', ...entry })
    })
  }
}
