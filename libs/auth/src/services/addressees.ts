import type { AuthStore } from '../auth.store.ts'
import type { User } from '../repositories/user.repository.ts'

export type Addressees = ReturnType<typeof createAddressees>

export interface Addressee {
  username: string
  /** The address of the account at the time in question. */
  email: string
  /** The account as it is now, which may be deleted. */
  account: User
}

/** Finds the recipients of notices. */
export function createAddressees(store: AuthStore) {
  return { findAt }

  /**
   * Returns the account with the address that it had when the event happened. A late notice must
   * neither go to a newer address nor be lost with the account: a thief may have changed the one or
   * deleted the other. Null if there is no such account, or it was purged.
   */
  async function findAt(userId: number, then: Date): Promise<Addressee | null> {
    const account = await store.users.findByIdEvenDeleted(userId)
    if (!account) return null
    const email = (await store.formerEmails.findAt(userId, then)) ?? account.email
    return { username: account.username, email, account }
  }
}
