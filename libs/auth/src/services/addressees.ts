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

/** To whom the notice of an event goes. */
export function createAddressees(store: AuthStore) {
  return { findAt }

  /**
   * The owner as the account named one when the event happened. A notice that is late must not go to an address that came later, nor be lost
   * with the account: a thief may have changed the one and deleted the other. Null when the account was never there, or is gone for good.
   */
  async function findAt(userId: number, then: Date): Promise<Addressee | null> {
    const account = await store.users.findByIdEvenDeleted(userId)
    if (!account) return null
    const email = (await store.formerEmails.findAt(userId, then)) ?? account.email
    return { username: account.username, email, account }
  }
}
