import { on } from '@ashlar/core/events'
import { passwordResetEmail } from '../emails/password-reset.email.ts'
import { passwordResetRequested } from '../events/password-reset-requested.event.ts'
import type { OneTimeTokens } from '../services/one-time-tokens.ts'
import type { MailDeps } from './mail-deps.ts'

export interface SendPasswordResetEmailDeps extends MailDeps {
  tokens: OneTimeTokens
  config: { resetTokenTtlMs: number }
}

/**
 * The token is made here, so that no event and no job contains it. It replaces an older one, but
 * not within two minutes: then no mail is sent, because its owner may be about to use the first
 * link while somebody else asks for another.
 */
export const sendPasswordResetEmail = (deps: SendPasswordResetEmailDeps) =>
  on(passwordResetRequested, 'auth.send-password-reset-email', async ({ userId }, delivery) => {
    const { store, mails, tokens, app } = deps
    const { resetTokenTtlMs: ttlMs } = deps.config
    const user = await store.users.findById(userId)
    if (user?.status !== 'active') return
    const { email } = user
    const mail = { kind: passwordResetEmail.template, to: email, userId }
    await mails.send(mail, delivery, async (store) => {
      const values = { userId, email, ttlMs, deliveryId: delivery.id }
      if (await tokens.isInOtherMail('reset_password', values, store)) return null
      const token = await tokens.issue('reset_password', values, store)
      return passwordResetEmail({ user, token, ttlMs, app })
    })
  })
