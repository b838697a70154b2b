import type { Page, PageRequest } from '@ashlar/core/db'
import type { Clock } from '@ashlar/core/module'
import { identityNotFound, lastWayIn } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import type { Client } from '../repositories/client.ts'
import type { ExternalIdentity } from '../repositories/external-identity.repository.ts'

export interface IdentityServiceDeps {
  store: AuthStore
  clock: Clock
}

export type IdentityService = ReturnType<typeof createIdentityService>

export function createIdentityService({ store, clock }: IdentityServiceDeps) {
  return { findPageOf, remove }

  function findPageOf(userId: number, list: PageRequest): Promise<Page<ExternalIdentity>> {
    return store.identities.findPageOf(userId, list)
  }

  /** Serializable, because two requests that each remove one of the last two see the other one. */
  function remove(id: string, userId: number, client: Client): Promise<void> {
    return store.transaction(
      async (store) => {
        if (!(await store.identities.remove({ id, userId }))) throw identityNotFound()
        const user = await store.users.findById(userId)
        if (user?.passwordHash === null && (await store.identities.countOf(userId)) === 0)
          throw lastWayIn()
        const action = 'identity_unlinked'
        await store.audit.record({ action, actorId: userId, userId, client, at: clock.now() })
      },
      { isolation: 'serializable' },
    )
  }
}
