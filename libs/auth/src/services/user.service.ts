import type { Clock } from '@ashlar/core/module'
import { lastAdmin, userNotDeleted, userNotFound } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import { userDeleted } from '../events/user-deleted.event.ts'
import type { Client } from '../repositories/client.ts'
import type { User } from '../repositories/user.repository.ts'
import type { UserChange } from '../schemas/user.schema.ts'

export interface UserServiceDeps {
  store: AuthStore
  clock: Clock
}

/** Who changes a user, and from where. */
export interface By {
  actorId: number
  client: Client
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

  function update(id: number, change: UserChange, by: By): Promise<User> {
    return keepingAnAdmin(id, async (store, before) => {
      const at = clock.now()
      const user = await store.users.update(id, change)
      const { status, role } = user
      const entry = { ...by, userId: id, at }
      if (status === 'inactive') await store.sessions.endAllOf(id, at)
      if (status !== before.status)
        await store.audit.record({ action: 'status_changed', ...entry, details: { status } })
      if (role !== before.role)
        await store.audit.record({ action: 'role_changed', ...entry, details: { role } })
      return user
    })
  }

  /** The e-mail and the username are free again. */
  function remove(id: number, by: By): Promise<void> {
    return keepingAnAdmin(id, async (store) => {
      await store.users.remove(id)
      const at = clock.now()
      await store.sessions.endAllOf(id, at)
      await store.apiKeys.removeAllOf(id)
      await store.events.publish(userDeleted, { userId: id })
      await store.audit.record({ action: 'user_deleted', ...by, userId: id, at })
    })
  }

  async function restore(id: number, by: By): Promise<User> {
    if (!(await store.users.findDeletedById(id))) {
      await get(id)
      throw userNotDeleted()
    }
    return store.transaction(async (store) => {
      const user = await store.users.restore(id)
      await store.audit.record({ action: 'user_restored', ...by, userId: id, at: clock.now() })
      return user
    })
  }

  /**
   * Changes a user unless no active admin would be left. Serializable, because two admins who demote each other at once each see the other
   * one, and only the database can tell.
   */
  function keepingAnAdmin<T>(
    id: number,
    change: (store: AuthStore, before: User) => Promise<T>,
  ): Promise<T> {
    return store.transaction(
      async (store) => {
        const before = await store.users.findById(id)
        if (!before) throw userNotFound()
        const result = await change(store, before)
        const wasAdmin = before.role === 'admin' && before.status === 'active'
        if (wasAdmin && (await store.users.countActiveAdmins()) === 0) throw lastAdmin()
        return result
      },
      { isolation: 'serializable' },
    )
  }
}
