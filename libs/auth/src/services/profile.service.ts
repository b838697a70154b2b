import type { Clock } from '@ashlar/core/module'
import { emailTaken, userNotFound, wrongPassword } from '../auth.errors.ts'
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
  store: AuthStore
  passwords: Pick<PasswordHasher, 'hash'>
  currentPasswords: CurrentPassword
  clock: Clock
}

export type ProfileService = ReturnType<typeof createProfileService>

export function createProfileService(deps: ProfileServiceDeps) {
  const { store, passwords, currentPasswords, clock } = deps
  return { update }

  /** A new password ends the other sessions. A new e-mail counts when it is verified. */
  async function update(
    caller: Authenticated,
    change: ProfileChange,
    client: Client,
  ): Promise<User> {
    const { username, email, password, currentPassword } = change
    const user = await store.users.findById(caller.user.id)
    if (!user) throw userNotFound()
    if (currentPassword !== undefined) await currentPasswords.assert(user, currentPassword, client)
    const isNewEmail = email !== undefined && email !== user.email
    if (isNewEmail && (await store.users.findByEmail(email))) throw emailTaken()
    const passwordHash = password === undefined ? undefined : await passwords.hash(password)
    return store.transaction(async (store) => {
      const { id, passwordVersion } = user
      const decidedOn = currentPassword === undefined ? { id } : { id, passwordVersion }
      const isCredential = email !== undefined || passwordHash !== undefined
      const updated = await store.users.updateIf(decidedOn, {
        ...(username !== undefined && { username }),
        // A new password takes back the address that was asked for with the old one.
        ...(isCredential && { pendingEmail: isNewEmail ? email : null }),
        ...(passwordHash !== undefined && { passwordHash }),
      })
      // The account or its password went while this request was under way.
      if (!updated) throw currentPassword === undefined ? userNotFound() : wrongPassword()
      const entry = { actorId: user.id, userId: user.id, client, at: clock.now() }
      if (passwordHash !== undefined) {
        await store.tokens.deleteAllOf(id, ['reset_password', 'sign_in'])
        await store.sessions.endAllBut(caller.sessionId, user.id, entry.at)
        await store.events.publish(passwordChanged, { userId: user.id })
        await store.audit.record({ action: 'password_changed', ...entry })
      }
      if (isNewEmail) {
        await store.events.publish(emailChangeRequested, { userId: user.id })
        await store.audit.record({ action: 'email_change_requested', ...entry })
      }
      return updated
    })
  }
}
