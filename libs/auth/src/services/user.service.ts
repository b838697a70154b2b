import type { Clock } from '@ashlar/core/module'
import { lastAdmin, userNotDeleted, userNotFound } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import { userDeleted } from '../events/user-deleted.event.ts'
import type { User } from '../repositories/user.repository.ts'
import type { UserChange } from '../schemas/user.schema.ts'

export interface UserServiceDeps {
  store: AuthStore
  clock: Clock
}

export type UserService = ReturnType<typeof createUserService>

export function createUserService({ store, clock }: UserServiceDeps) {
  const { findPage, findDeletedPage } = store.users
  return { findPage, findDeletedPage, get, update, remove, restore }

  async function get(id: number): Promise<User> {
    const user = await store.users.findById(id)
    if (!user) throw userNotFound()
    return user
  }

  function update(id: number, change: UserChange): Promise<User> {
    return keepingAnAdmin(id, async (store) => {
      const user = await store.users.update(id, change)
      if (user.status === 'inactive') await store.sessions.endAllOf(id, clock.now())
      return user
    })
  }

  /** The e-mail and the username are free again. */
  function remove(id: number): Promise<void> {
    return keepingAnAdmin(id, async (store) => {
      await store.users.remove(id)
      await store.sessions.endAllOf(id, clock.now())
      await store.events.publish(userDeleted, { userId: id })
    })
  }

  async function restore(id: number): Promise<User> {
    if (await store.users.findDeletedById(id)) return store.users.restore(id)
    await get(id)
    throw userNotDeleted()
  }

  /**
   * Changes a user unless no active admin would be left. Serializable, because two admins who demote each other at once each see the other
   * one, and only the database can tell.
   */
  function keepingAnAdmin<T>(id: number, change: (store: AuthStore) => Promise<T>): Promise<T> {
    return store.transaction(
      async (store) => {
        const before = await store.users.findById(id)
        if (!before) throw userNotFound()
        const result = await change(store)
        const wasAdmin = before.role === 'admin' && before.status === 'active'
        if (wasAdmin && (await store.users.countActiveAdmins()) === 0) throw lastAdmin()
        return result
      },
      { isolation: 'serializable' },
    )
  }
}
