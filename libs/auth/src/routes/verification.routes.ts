import { createRoutes } from '@ashlar/core/http'
import { emailTaken, invalidToken } from '../auth.errors.ts'
import { limits } from '../auth.limits.ts'
import { ResendVerificationBody, VerifyEmailBody } from '../schemas/auth.schema.ts'
import type { EmailVerificationService } from '../services/email-verification.service.ts'
import { clientOf } from './client.ts'

export function verificationRoutes(verification: EmailVerificationService) {
  const routes = createRoutes({ prefix: '/auth/verify-email', tag: 'Authentication' })

  routes.post(
    '/',
    {
      summary: 'Verify an e-mail address with the token of a mail',
      limit: limits.verifyEmail,
      body: VerifyEmailBody,
      errors: [invalidToken, emailTaken],
    },
    ({ body, request }) => verification.verify(body, clientOf(request)),
  )

  routes.post(
    '/resend',
    {
      summary: 'Ask for the verification mail again',
      limit: limits.resendVerification,
      description: 'Answers the same whether there is something to verify or not.',
      body: ResendVerificationBody,
      status: 202,
    },
    ({ body }) => verification.resend(body),
  )

  return routes
}
