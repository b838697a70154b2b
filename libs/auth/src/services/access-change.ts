import type { AuthStore } from '../auth.store.ts'
import { accessChanged, type AccessChange } from '../events/access-changed.event.ts'
import type { By } from '../repositories/client.ts'

/** Mails the owner and writes to the audit trail. To be called in the transaction of the change. */
export async function tellAccessChange(
  store: AuthStore,
  change: AccessChange,
  { userId, by, at }: { userId: number; by: By; at: Date },
): Promise<void> {
  await store.events.publish(accessChanged, { userId, change })
  await store.audit.record({ action: change, ...by, userId, at })
}
