import type { Express } from 'express'
import { limits } from '../auth.limits.ts'
import { ResetPasswordBody, VerifyEmailBody } from '../schemas/auth.schema.ts'
import type { EmailVerificationService } from '../services/email-verification.service.ts'
import type { PasswordResetService } from '../services/password-reset.service.ts'
import { mountLinkPage, type LinkPageDeps } from './mount-link-page.ts'
import { resetPasswordPage } from './reset-password.page.ts'
import { verifyEmailPage } from './verify-email.page.ts'

export interface LinkPagesDeps extends LinkPageDeps {
  passwordReset: Pick<PasswordResetService, 'reset'>
  verification: Pick<EmailVerificationService, 'verify'>
}

/** The pages behind the links of mails, for a product without its own (AUTH_PAGES_URL). */
export function mountLinkPages(app: Express, deps: LinkPagesDeps): void {
  const resetPassword = {
    path: '/reset-password',
    limit: limits.resetPassword,
    body: ResetPasswordBody,
    form: resetPasswordPage,
    act: deps.passwordReset.reset,
    done: { title: 'Your password was changed', text: 'You can log in with it now.' },
  }
  const verifyEmail = {
    path: '/verify-email',
    limit: limits.verifyEmail,
    body: VerifyEmailBody,
    form: verifyEmailPage,
    act: deps.verification.verify,
    done: { title: 'Your address is confirmed', text: 'You can close this page.' },
  }
  mountLinkPage(app, resetPassword, deps)
  mountLinkPage(app, verifyEmail, deps)
}
