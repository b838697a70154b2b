import type { Clock } from '@ashlar/core/module'
import { invalidToken } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import { emailVerificationRequested } from '../events/email-verification-requested.event.ts'
import { unknownEmailNamed } from '../events/unknown-email-named.event.ts'
import type { Client } from '../repositories/client.ts'
import type { OneTimeToken } from '../repositories/one-time-token.repository.ts'
import type { User } from '../repositories/user.repository.ts'
import type { ResendVerificationBody, VerifyEmailBody } from '../schemas/auth.schema.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'

export interface EmailVerificationServiceDeps {
  store: AuthStore
  tokens: OneTimeTokens
  clock: Clock
}

export type EmailVerificationService = ReturnType<typeof createEmailVerificationService>

export function createEmailVerificationService(deps: EmailVerificationServiceDeps) {
  const { store, tokens, clock } = deps
  return { verify, resend }

  /** Proves the address that the token was sent to: the one of the account, or the one that it shall become. */
  async function verify({ token }: VerifyEmailBody, client: Client): Promise<void> {
    const { id, email, user } = await tokens.find('verify_email', token)
    const change = provenBy({ email }, user)
    await store.transaction(async (store) => {
      if (!(await store.tokens.take({ id }))) throw invalidToken()
      const at = clock.now()
      const { pendingEmail } = user
      const decidedOn = { id: user.id, email: user.email, pendingEmail }
      const proven = { ...change, emailVerifiedAt: at }
      if (!(await store.users.updateIf(decidedOn, proven))) throw invalidToken()
      await store.tokens.deleteAllTo({ userId: user.id, purpose: 'verify_email', email })
      if (change.email !== undefined)
        await store.formerEmails.create({ userId: user.id, email: user.email })
      const action = change.email === undefined ? 'email_verified' : 'email_changed'
      await store.audit.record({ action, actorId: user.id, userId: user.id, client, at })
    })
  }

  function provenBy({ email }: Pick<OneTimeToken, 'email'>, user: User): Partial<User> {
    if (email === user.email) return {}
    if (email === user.pendingEmail) return { email, pendingEmail: null }
    throw invalidToken()
  }

  /** One answer and the same work, an event, whether there is something to verify or not. */
  async function resend({ email }: ResendVerificationBody): Promise<void> {
    const user = await store.users.findByEmail(email)
    if (user?.status === 'active' && awaitsVerification(user))
      await store.events.publish(emailVerificationRequested, { userId: user.id })
    else await store.events.publish(unknownEmailNamed, { request: 'verify-email' })
  }
}

const awaitsVerification = ({ emailVerifiedAt, pendingEmail }: User): boolean =>
  emailVerifiedAt === null || pendingEmail !== null
