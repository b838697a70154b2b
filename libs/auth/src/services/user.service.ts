import type { Clock } from '@ashlar/core/module'
import { lastAdmin, userNotDeleted, userNotFound } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import { userDeleted } from '../events/user-deleted.event.ts'
import type { By } from '../repositories/client.ts'
import type { User } from '../repositories/user.repository.ts'
import type { UserChange } from '../schemas/user.schema.ts'

export interface UserServiceDeps {
  store: AuthStore
  clock: Clock
}

export type UserService = ReturnType<typeof createUserService>

export function createUserService({ store, clock }: UserServiceDeps) {
  const { findPage, findPublicPage, findDeletedPage } = store.users
  return { findPage, findPublicPage, findDeletedPage, get, update, remove, restore }

  async function get(id: number): Promise<User> {
    const user = await store.users.findById(id)
    if (!user) throw userNotFound()
    return user
  }

  function update(id: number, change: UserChange, by: By): Promise<User> {
    return keepingAnAdmin(id, async (store, before) => {
      const { status = before.status, role = before.role } = change
      if (status === before.status && role === before.role) return before
      const user = await store.users.updateIf(standingOf(before), { status, role })
      if (!user) return null
      const at = clock.now()
      const entry = { ...by, userId: id, at }
      if (status === 'inactive') await store.sessions.endAllOf(id, at)
      if (status !== before.status)
        await store.audit.record({ action: 'status_changed', ...entry, details: { status } })
      if (role !== before.role)
        await store.audit.record({ action: 'role_changed', ...entry, details: { role } })
      return user
    })
  }

  /** The e-mail and the username are free again. What was mailed or given to machines is worth nothing, also after a restore. */
  async function remove(id: number, by: By): Promise<void> {
    await keepingAnAdmin(id, async (store, before) => {
      if (!(await store.users.removeIf(standingOf(before)))) return null
      const at = clock.now()
      await store.sessions.endAllOf(id, at)
      await store.apiKeys.removeAllOf(id)
      await store.tokens.deleteAllOf(id)
      await store.events.publish(userDeleted, { userId: id })
      await store.audit.record({ action: 'user_deleted', ...by, userId: id, at })
      return before
    })
  }

  async function restore(id: number, by: By): Promise<User> {
    if (!(await store.users.findDeletedById(id))) {
      await get(id)
      throw userNotDeleted()
    }
    return store.transaction(async (store) => {
      const user = await store.users.restore(id)
      // Somebody else was faster.
      if (!user) throw userNotDeleted()
      await store.audit.record({ action: 'user_restored', ...by, userId: id, at: clock.now() })
      return user
    })
  }

  /**
   * Changes a user unless no active admin would be left. Serializable for an active admin, because two who demote each other at once each see the
   * other one, and only the database can tell. Others cannot be the last one, as long as they are what `change` found them to be: it
   * gives null if they are not.
   */
  async function keepingAnAdmin(
    id: number,
    change: (store: AuthStore, before: User) => Promise<User | null>,
  ): Promise<User> {
    const known = await get(id)
    const changed = isActiveAdmin(known)
      ? null
      : await store.transaction((store) => change(store, known))
    return changed ?? store.transaction(changeLast, { isolation: 'serializable' })

    async function changeLast(store: AuthStore): Promise<User> {
      const before = await store.users.findById(id)
      const changed = before && (await change(store, before))
      if (!changed) throw userNotFound()
      if (isActiveAdmin(before) && (await store.users.countActiveAdmins()) === 0) throw lastAdmin()
      return changed
    }
  }
}

const isActiveAdmin = ({ role, status }: User): boolean => role === 'admin' && status === 'active'

const standingOf = ({ id, role, status }: User) => ({ id, role, status })
