import { createRoutes } from '@ashlar/core/http'
import {
  emailTaken,
  hashingOverloaded,
  invalidCredentials,
  registrationDisabled,
  usernameTaken,
} from '../auth.errors.ts'
import { LoginBody, PasswordForm, RegisterBody, TokenAnswer } from '../schemas/auth.schema.ts'
import { FullUser } from '../schemas/user.schema.ts'
import type { AuthService } from '../services/auth.service.ts'
import { toFullUser } from './user.presenter.ts'

export function authRoutes(auth: AuthService) {
  const routes = createRoutes({ prefix: '/auth', tag: 'Authentication' })

  routes.post(
    '/register',
    {
      summary: 'Register an account',
      body: RegisterBody,
      response: FullUser,
      status: 201,
      location: (user) => `/users/${user.id}`,
      errors: [registrationDisabled, emailTaken, usernameTaken, hashingOverloaded],
    },
    async ({ body }) => toFullUser(await auth.register(body)),
  )

  routes.post(
    '/login',
    {
      summary: 'Log in with e-mail and password',
      body: { json: LoginBody, form: PasswordForm },
      response: TokenAnswer,
      envelope: false,
      noStore: true,
      errors: [invalidCredentials, hashingOverloaded],
    },
    ({ body, request }) => auth.login(body, request.get('user-agent')),
  )

  return routes
}
