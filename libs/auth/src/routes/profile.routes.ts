import { createRoutes } from '@ashlar/core/http'
import type { AuthGuards } from '../guards/auth.guards.ts'
import { FullUser } from '../schemas/user.schema.ts'
import { toFullUser } from './user.presenter.ts'

export function profileRoutes({ activeUser }: AuthGuards) {
  const routes = createRoutes({ prefix: '/profile', tag: 'Profile' })

  routes.get(
    '/',
    { summary: 'Read the own profile', guard: activeUser, response: FullUser },
    ({ user }) => toFullUser(user),
  )

  return routes
}
