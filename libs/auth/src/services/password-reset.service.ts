import type { Clock } from '@ashlar/core/module'
import { invalidToken } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import { passwordChanged } from '../events/password-changed.event.ts'
import { passwordResetRequested } from '../events/password-reset-requested.event.ts'
import { unknownEmailNamed } from '../events/unknown-email-named.event.ts'
import type { Client } from '../repositories/client.ts'
import type { ResetPasswordBody, RestorePasswordBody } from '../schemas/auth.schema.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import type { PasswordHasher } from './password-hasher.ts'

export interface PasswordResetServiceDeps {
  store: AuthStore
  passwords: PasswordHasher
  tokens: OneTimeTokens
  clock: Clock
}

export type PasswordResetService = ReturnType<typeof createPasswordResetService>

export function createPasswordResetService(deps: PasswordResetServiceDeps) {
  const { store, passwords, tokens, clock } = deps
  return { request, reset }

  /** One answer and the same work, an event, whether there is such an account or not. */
  async function request({ email }: RestorePasswordBody, client: Client): Promise<void> {
    const user = await store.users.findByEmail(email)
    const at = clock.now()
    await store.transaction(async (store) => {
      if (user?.status === 'active')
        await store.events.publish(passwordResetRequested, { userId: user.id })
      else await store.events.publish(unknownEmailNamed, { request: 'restore-password' })
      const action = 'password_reset_requested'
      await store.audit.record({ action, userId: user?.id, client, at })
    })
  }

  async function reset({ token, password }: ResetPasswordBody, client: Client): Promise<void> {
    const { id, email, user } = await tokens.find('reset_password', token)
    if (email !== user.email) throw invalidToken()
    const passwordHash = await passwords.hash(password)
    await store.transaction(async (store) => {
      if (!(await store.tokens.take({ id }))) throw invalidToken()
      const at = clock.now()
      // An address that was asked for with the old password may be a thief's. The one of the account is proven: the mail came there.
      const emailVerifiedAt = user.emailVerifiedAt ?? at
      const change = { passwordHash, pendingEmail: null, emailVerifiedAt }
      if (!(await store.users.updateIf({ id: user.id, email }, change))) throw invalidToken()
      await store.tokens.deleteAllOf(user.id, ['reset_password', 'sign_in'])
      await store.sessions.endAllOf(user.id, at)
      await store.apiKeys.removeAllOf(user.id)
      await store.secondFactors.removeUnconfirmed(user.id)
      if (user.emailVerifiedAt === null) await takeOver(store, user.id, { client, at })
      await store.events.publish(passwordChanged, { userId: user.id })
      const entry = { actorId: user.id, userId: user.id, client, at }
      await store.audit.record({ action: 'password_reset', ...entry })
    })
  }

  /**
   * Nobody proved the address before, so a stranger may have registered it. Takes away the ways in
   * and the lock that a stranger may have left.
   */
  async function takeOver(
    store: AuthStore,
    userId: number,
    { client, at }: { client: Client; at: Date },
  ): Promise<void> {
    const entry = { actorId: userId, userId, client, at }
    if (await store.secondFactors.remove(userId))
      await store.audit.record({ action: 'second_factor_reset', ...entry })
    if (await store.identities.removeAllOf(userId))
      await store.audit.record({ action: 'identity_unlinked', ...entry })
    await store.tokens.deleteAllOf(userId)
  }
}
