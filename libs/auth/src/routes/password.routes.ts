import { createRoutes } from '@ashlar/core/http'
import { hashingOverloaded, invalidToken } from '../auth.errors.ts'
import { limits } from '../auth.limits.ts'
import { ResetPasswordBody, RestorePasswordBody } from '../schemas/auth.schema.ts'
import type { PasswordResetService } from '../services/password-reset.service.ts'
import { clientOf } from './client.ts'

export function passwordRoutes(passwords: PasswordResetService) {
  const routes = createRoutes({ prefix: '/auth', tag: 'Authentication' })

  routes.post(
    '/restore-password',
    {
      summary: 'Ask for a mail to choose a new password',
      limit: limits.restorePassword,
      description: 'Answers the same whether there is such an account or not.',
      body: RestorePasswordBody,
      status: 202,
    },
    ({ body, request }) => passwords.request(body, clientOf(request)),
  )

  routes.post(
    '/reset-password',
    {
      summary: 'Choose a new password with the token of a mail',
      limit: limits.resetPassword,
      description: 'Ends every session of the user.',
      body: ResetPasswordBody,
      errors: [invalidToken, hashingOverloaded],
    },
    ({ body, request }) => passwords.reset(body, clientOf(request)),
  )

  return routes
}
