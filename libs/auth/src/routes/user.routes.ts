import { z } from 'zod'
import { createRoutes, ResourceId } from '@ashlar/core/http'
import {
  emailTaken,
  lastAdmin,
  userNotDeleted,
  usernameTaken,
  userNotFound,
} from '../auth.errors.ts'
import type { AuthGuards } from '../guards/auth.guards.ts'
import { canDeleteUsers, canRestoreUsers, canUpdateUsers } from '../policies/user.policy.ts'
import { FullUser, PublicUser, UserChange } from '../schemas/user.schema.ts'
import type { UserService } from '../services/user.service.ts'
import { toFullUser, toVisibleUser } from './user.presenter.ts'

const params = z.strictObject({ id: ResourceId })

export function userRoutes(users: UserService, { activeUser }: AuthGuards) {
  const routes = createRoutes({ prefix: '/users', tag: 'Users' })

  routes.get(
    '/:id',
    {
      summary: 'Read a user',
      description: 'The full user for oneself and for administrators, otherwise the public one.',
      guard: activeUser,
      params,
      response: z.union([FullUser, PublicUser]),
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
    async ({ params, body }) => toFullUser(await users.update(params.id, body)),
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
    ({ params }) => users.remove(params.id),
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
    async ({ params }) => toFullUser(await users.restore(params.id)),
  )

  return routes
}
