import { on, type Delivery } from '@ashlar/core/events'
import { registrationRepeatedEmail } from '../emails/registration-repeated.email.ts'
import { verifyEmail } from '../emails/verify-email.email.ts'
import { emailVerificationRequested } from '../events/email-verification-requested.event.ts'
import { emailChangeRequested } from '../events/email-change-requested.event.ts'
import { userRegistered } from '../events/user-registered.event.ts'
import type { User } from '../repositories/user.repository.ts'
import type { OneTimeTokens } from '../services/one-time-tokens.ts'
import type { MailDeps } from './mail-deps.ts'

export interface SendVerificationEmailDeps extends MailDeps {
  tokens: OneTimeTokens
  config: { verificationTokenTtlMs: number }
}

/** To the address that is not verified yet, after each event that calls for it. The token is made here, so that no event and no job holds it. */
export function sendVerificationEmail(deps: SendVerificationEmailDeps) {
  const { store, mails, tokens, app } = deps
  const { verificationTokenTtlMs: ttlMs } = deps.config
  return [
    on(userRegistered, 'auth.send-verification-email', sendTo(unverifiedOf)),
    on(emailVerificationRequested, 'auth.send-verification-email-again', sendTo(awaitedOf)),
    on(emailChangeRequested, 'auth.send-verification-email-to-new-address', sendTo(pendingOf)),
  ]

  function sendTo(addressOf: (user: User) => string | null) {
    return async ({ userId }: { userId: number }, delivery: Delivery): Promise<void> => {
      const user = await store.users.findById(userId)
      if (!user) return
      const to = addressOf(user)
      if (to === null) return
      const owner = await store.users.findByEmail(to)
      if (owner && owner.id !== userId) await tellOwner(owner, user, delivery)
      else await sendLink(user, to, delivery)
    }
  }

  async function sendLink(user: User, to: string, delivery: Delivery): Promise<void> {
    const { id: userId, username } = user
    await mails.send({ kind: verifyEmail.template, to, userId }, delivery, async (store) => {
      const values = { userId, email: to, ttlMs, deliveryId: delivery.id }
      const token = await tokens.issue('verify_email', values, store)
      return verifyEmail({ username, to, token, ttlMs, app })
    })
  }

  /**
   * The address has an account, so a link could only fail. The user who wants the address learns
   * nothing of that account.
   */
  async function tellOwner(owner: User, { id: userId }: User, delivery: Delivery): Promise<void> {
    const mail = { kind: registrationRepeatedEmail.template, to: owner.email, userId }
    await mails.send(mail, delivery, () => registrationRepeatedEmail({ user: owner, app }))
  }
}

const pendingOf = ({ pendingEmail }: User) => pendingEmail

const unverifiedOf = ({ email, emailVerifiedAt }: User) => (emailVerifiedAt === null ? email : null)

const awaitedOf = (user: User) => pendingOf(user) ?? unverifiedOf(user)
