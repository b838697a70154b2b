import { z } from 'zod'
import { mapPage } from '@ashlar/core/db'
import { createRoutes, ResourceId } from '@ashlar/core/http'
import {
  emailTaken,
  lastAdmin,
  userNotDeleted,
  usernameTaken,
  userNotFound,
} from '../auth.errors.ts'
import type { AuthGuards } from '../guards/auth.guards.ts'
import {
  canDeleteUsers,
  canListFullUsers,
  canRestoreUsers,
  canUpdateUsers,
} from '../policies/user.policy.ts'
import { FullUser, UserChange, VisibleUser } from '../schemas/user.schema.ts'
import type { UserService } from '../services/user.service.ts'
import { byOf } from './client.ts'
import { fullUserList, publicUserList } from './user.list.ts'
import { toDeletedUser, toFullUser, toPublicUser, toVisibleUser } from './user.presenter.ts'

const params = z.strictObject({ id: ResourceId })

export function userRoutes(users: UserService, { activeUser, activeUserOrKey }: AuthGuards) {
  const reader = activeUserOrKey('users:read')
  const routes = createRoutes({
    prefix: '/users',
    tag: 'Users',
    description: 'Accounts as others see them, and what administrators do with them.',
  })

  routes.get(
    '/',
    {
      summary: 'List users',
      description:
        'Administrators get full users, may sort and filter by e-mail and role, and may ask for the deleted.',
      guard: reader,
      list: fullUserList,
      listFor: ({ user }) => (canListFullUsers(user) ? fullUserList : publicUserList),
      response: VisibleUser,
    },
    async ({ list, user }) => {
      if (list.parameters.deleted === 'true')
        return mapPage(await users.findDeletedPage(list), toDeletedUser)
      if (canListFullUsers(user)) return mapPage(await users.findPage(list), toFullUser)
      return mapPage(await users.findPublicPage(list), toPublicUser)
    },
  )

  routes.get(
    '/:id',
    {
      summary: 'Read a user',
      description: 'The full user for oneself and for administrators, otherwise the public one.',
      guard: reader,
      params,
      response: VisibleUser,
      errors: [userNotFound],
    },
    async ({ params, user }) => toVisibleUser(user, await users.get(params.id)),
  )

  routes.patch(
    '/:id',
    {
      summary: 'Change the status or the role of a user',
      description:
        'Deactivating ends every session of the user. A role counts from the next request.',
      guard: activeUser,
      policy: ({ user }) => canUpdateUsers(user),
      params,
      body: UserChange,
      response: FullUser,
      errors: [userNotFound, lastAdmin],
    },
    async ({ params, body, ...by }) => toFullUser(await users.update(params.id, body, byOf(by))),
  )

  routes.delete(
    '/:id',
    {
      summary: 'Delete a user',
      guard: activeUser,
      policy: ({ user }) => canDeleteUsers(user),
      params,
      errors: [userNotFound, lastAdmin],
    },
    ({ params, ...by }) => users.remove(params.id, byOf(by)),
  )

  routes.post(
    '/:id/restore',
    {
      summary: 'Bring a deleted user back',
      guard: activeUser,
      policy: ({ user }) => canRestoreUsers(user),
      params,
      response: FullUser,
      status: 200,
      errors: [userNotFound, userNotDeleted, emailTaken, usernameTaken],
    },
    async ({ params, ...by }) => toFullUser(await users.restore(params.id, byOf(by))),
  )

  return routes
}
