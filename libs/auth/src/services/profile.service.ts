import type { Clock } from '@ashlar/core/module'
import type { RateLimits } from '@ashlar/core/rate-limit'
import type { AuthConfig } from '../auth.config.ts'
import { emailTaken, userNotFound, wrongPassword } from '../auth.errors.ts'
import { limits } from '../auth.limits.ts'
import type { AuthStore } from '../auth.store.ts'
import { emailChangeRequested } from '../events/email-change-requested.event.ts'
import { passwordChanged } from '../events/password-changed.event.ts'
import type { Authenticated } from '../guards/auth.guards.ts'
import type { Client } from '../repositories/client.ts'
import type { User } from '../repositories/user.repository.ts'
import type { ProfileChange } from '../schemas/user.schema.ts'
import type { CurrentPassword } from './current-password.ts'
import type { PasswordHasher } from './password-hasher.ts'

export interface ProfileServiceDeps {
  config: Pick<AuthConfig, 'registrationQuiet'>
  store: AuthStore
  passwords: Pick<PasswordHasher, 'hash'>
  currentPasswords: CurrentPassword
  rateLimits: Pick<RateLimits, 'limiter'>
  clock: Clock
}

export type ProfileService = ReturnType<typeof createProfileService>

export function createProfileService(deps: ProfileServiceDeps) {
  const { config, store, passwords, currentPasswords, rateLimits, clock } = deps
  const emailChanges = rateLimits.limiter(limits.emailChange)
  return { update }

  /** A new password ends the other sessions. A new e-mail counts when it is verified. */
  async function update(
    caller: Authenticated,
    change: ProfileChange,
    client: Client,
  ): Promise<User> {
    const { username, email, password, currentPassword } = change
    if (email !== undefined) await emailChanges.consume(String(caller.user.id))
    const user = await findCaller(caller, currentPassword, client)
    const isNewEmail = email !== undefined && email !== user.email
    if (isNewEmail) await assertFree(email)
    const passwordHash = password === undefined ? undefined : await passwords.hash(password)
    return store.transaction(async (store) => {
      const { id, credentialsVersion } = user
      const decidedOn = currentPassword === undefined ? { id } : { id, credentialsVersion }
      const isCredential = email !== undefined || passwordHash !== undefined
      const updated = await store.users.updateIf(decidedOn, {
        ...(username !== undefined && { username }),
        // A new password takes back the address that was asked for with the old one.
        ...(isCredential && { pendingEmail: isNewEmail ? email : null }),
        ...(passwordHash !== undefined && { passwordHash }),
      })
      // The account or its password went while this request was under way.
      if (!updated) throw currentPassword === undefined ? userNotFound() : wrongPassword()
      if (passwordHash !== undefined) await endWithPassword(store, caller, client)
      if (isNewEmail) await tellNewEmail(store, id, client)
      return updated
    })
  }

  /**
   * Throws if another account has the address. Not where registrations are quiet: the owner is told
   * by mail then, and nobody else.
   */
  async function assertFree(email: string): Promise<void> {
    if (!config.registrationQuiet && (await store.users.findByEmail(email))) throw emailTaken()
  }

  async function findCaller(
    { user: { id } }: Authenticated,
    currentPassword: string | undefined,
    client: Client,
  ): Promise<User> {
    if (currentPassword !== undefined) return currentPasswords.identify(id, currentPassword, client)
    const user = await store.users.findById(id)
    if (!user) throw userNotFound()
    return user
  }

  /** What the old password opened, or was asked for with. */
  async function endWithPassword(
    store: AuthStore,
    { user: { id: userId }, sessionId }: Authenticated,
    client: Client,
  ): Promise<void> {
    const at = clock.now()
    await store.tokens.deleteAllOf(userId, ['reset_password', 'sign_in'])
    await store.sessions.endAllBut(sessionId, userId, at)
    await store.secondFactors.removeUnconfirmed(userId)
    await store.events.publish(passwordChanged, { userId })
    await store.audit.record({ action: 'password_changed', actorId: userId, userId, client, at })
  }

  async function tellNewEmail(store: AuthStore, userId: number, client: Client): Promise<void> {
    await store.events.publish(emailChangeRequested, { userId })
    const entry = { actorId: userId, userId, client, at: clock.now() }
    await store.audit.record({ action: 'email_change_requested', ...entry })
  }
}
