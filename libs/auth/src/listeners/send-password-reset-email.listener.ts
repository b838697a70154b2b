import { on } from '@ashlar/core/events'
import { passwordResetEmail } from '../emails/password-reset.email.ts'
import { passwordResetRequested } from '../events/password-reset-requested.event.ts'
import type { OneTimeTokens } from '../services/one-time-tokens.ts'
import type { MailDeps } from './mail-deps.ts'

export interface SendPasswordResetEmailDeps extends MailDeps {
  tokens: OneTimeTokens
  config: { resetTokenTtlMs: number }
}

/** The token is made here, so that no event and no job holds it. */
export const sendPasswordResetEmail = (deps: SendPasswordResetEmailDeps) =>
  on(passwordResetRequested, 'auth.send-password-reset-email', async ({ userId }, delivery) => {
    const { store, mailer, tokens, app } = deps
    const { resetTokenTtlMs: ttlMs } = deps.config
    const user = await store.users.findById(userId)
    if (user?.status !== 'active') return
    const token = await tokens.issue('reset_password', { userId, email: user.email, ttlMs })
    const email = passwordResetEmail({ user, token, ttlMs, app })
    await mailer.send(email, { messageId: delivery.id })
  })
