import { createRoutes } from '@ashlar/core/http'
import type { AuthConfig } from '../auth.config.ts'
import {
  emailTaken,
  hashingOverloaded,
  lastAdmin,
  usernameTaken,
  userNotFound,
  wrongPassword,
} from '../auth.errors.ts'
import type { AuthGuards } from '../guards/auth.guards.ts'
import { FullUser, ProfileChange } from '../schemas/user.schema.ts'
import type { ProfileService } from '../services/profile.service.ts'
import type { UserService } from '../services/user.service.ts'
import { byOf, clientOf } from './client.ts'
import { toFullUser } from './user.presenter.ts'

export interface ProfileRoutesDeps {
  config: Pick<AuthConfig, 'registrationQuiet'>
  guards: AuthGuards
  profile: ProfileService
  users: UserService
}

export function profileRoutes({ config, guards, profile, users }: ProfileRoutesDeps) {
  const { activeUser, activeUserOrKey } = guards
  const routes = createRoutes({
    prefix: '/profile',
    tag: 'Profile',
    description: 'The own account of whoever asks.',
  })

  routes.get(
    '/',
    {
      summary: 'Read the own profile',
      guard: activeUserOrKey('profile:read'),
      response: FullUser,
    },
    ({ user }) => toFullUser(user),
  )

  routes.patch(
    '/',
    {
      summary: 'Change the own profile',
      description:
        'A new password ends the other sessions. A new e-mail address counts when it is verified.',
      guard: activeUser,
      body: ProfileChange,
      response: FullUser,
      errors: [
        ...(config.registrationQuiet ? [] : [emailTaken]),
        usernameTaken,
        wrongPassword,
        userNotFound,
        hashingOverloaded,
      ],
    },
    async ({ body, request, ...caller }) =>
      toFullUser(await profile.update(caller, body, clientOf(request))),
  )

  routes.delete(
    '/',
    { summary: 'Delete the own account', guard: activeUser, errors: [lastAdmin, userNotFound] },
    (by) => users.remove(by.user.id, byOf(by)),
  )

  return routes
}
