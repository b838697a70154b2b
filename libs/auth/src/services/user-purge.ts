import { createSteps } from '@ashlar/core/queue'
import type { Logger } from '@ashlar/core/logging'
import type { AuthStore } from '../auth.store.ts'
import { userPurged } from '../events/user-purged.event.ts'

export interface UserPurge {
  /** Users that were deleted before. */
  before: Date
  /** Ends it between two statements. */
  signal: AbortSignal
  log: Logger
}

/** Few enough for a look at them to be short. */
const pageSize = 200

/** So many failures one after another are no fault of the accounts. */
const failuresInARow = 10

/**
 * Takes deleted users out of the database with all that is theirs, and returns their number. No
 * statement grows with what a user has. A user that cannot go keeps no other one; the first
 * failure is thrown at the end.
 */
export async function purgeUsers(store: AuthStore, purge: UserPurge): Promise<number> {
  const { before, signal, log } = purge
  const steps = createSteps(log)
  const failed = new Set<number>()
  let purged = 0
  let inARow = 0
  let from = new Date(0)
  while (inARow < failuresInARow && !signal.aborted) {
    const found = await store.users.findDeletedBetween({ from, before }, pageSize)
    const users = found.filter(({ id }) => !failed.has(id))
    for (const { id } of users) {
      if (inARow === failuresInARow || signal.aborted) break
      const isGone = await steps.run(`user ${id}`, () => purgeUser(store, id, purge))
      inARow = isGone === undefined ? inARow + 1 : 0
      if (isGone === undefined) failed.add(id)
      if (isGone) purged += 1
    }
    const last = users.at(-1)?.deletedAt
    if (!last) break
    // Others may have been deleted at the same time.
    from = last
  }
  steps.end()
  return purged
}

async function purgeUser(store: AuthStore, id: number, purge: UserPurge): Promise<boolean> {
  const { before, signal } = purge
  // It ended with the account, so that nothing is missing if somebody restores it meanwhile.
  await store.sessions.purgeOf(id, signal)
  await store.tokens.purgeOf(id, signal)
  await store.apiKeys.purgeOf(id, signal)
  await store.formerEmails.purgeOf(id, signal)
  return !signal.aborted && takeOut(store, id, before)
}

/**
 * A restored account would need the rest, so it goes with the user. False when somebody was faster.
 */
function takeOut(store: AuthStore, id: number, before: Date): Promise<boolean> {
  return store.transaction(async (store) => {
    if (!(await store.users.holdDeleted(id, before))) return false
    await store.identities.purgeOf(id)
    await store.secondFactors.purgeOf(id)
    await store.users.purge(id)
    await store.events.publish(userPurged, { userId: id })
    return true
  })
}
