import { on, type Delivery } from '@ashlar/core/events'
import { verifyEmail } from '../emails/verify-email.email.ts'
import { emailVerificationRequested } from '../events/email-verification-requested.event.ts'
import { emailChangeRequested } from '../events/email-change-requested.event.ts'
import { userRegistered } from '../events/user-registered.event.ts'
import type { OneTimeTokens } from '../services/one-time-tokens.ts'
import type { MailDeps } from './mail-deps.ts'

export interface SendVerificationEmailDeps extends MailDeps {
  tokens: OneTimeTokens
  config: { verificationTokenTtlMs: number }
}

/** To the address that is not verified yet, after each event that calls for it. The token is made here, so that no event and no job holds it. */
export function sendVerificationEmail(deps: SendVerificationEmailDeps) {
  return [
    on(userRegistered, 'auth.send-verification-email', send),
    on(emailVerificationRequested, 'auth.send-verification-email-again', send),
    on(emailChangeRequested, 'auth.send-verification-email-to-new-address', send),
  ]

  async function send({ userId }: { userId: number }, delivery: Delivery): Promise<void> {
    const { store, mailer, tokens, app } = deps
    const { verificationTokenTtlMs: ttlMs } = deps.config
    const user = await store.users.findById(userId)
    const to = user?.pendingEmail ?? (user?.emailVerifiedAt === null ? user.email : undefined)
    if (!user || to === undefined) return
    const token = await tokens.issue('verify_email', { userId, email: to, ttlMs })
    const email = verifyEmail({ username: user.username, to, token, ttlMs, app })
    await mailer.send(email, { messageId: delivery.id })
  }
}
