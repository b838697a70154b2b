import type { Clock } from '@ashlar/core/module'
import { userNotFound, wrongPassword } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import type { Client } from '../repositories/client.ts'
import type { User } from '../repositories/user.repository.ts'
import type { LoginLimits } from './login-limits.ts'
import type { PasswordHasher } from './password-hasher.ts'

export interface CurrentPasswordDeps {
  store: AuthStore
  passwords: Pick<PasswordHasher, 'verify'>
  limits: LoginLimits
  clock: Clock
}

export type CurrentPassword = ReturnType<typeof createCurrentPassword>

/** Asked again before what would outlive the session that asks: a session may be stolen, or left open. */
export function createCurrentPassword({ store, passwords, limits, clock }: CurrentPasswordDeps) {
  return { identify }

  /**
   * The user with this id, if this is the password. Throws `auth.user_not_found` if the account is gone, `auth.wrong_password`, and 429 after too
   * many: a wrong one counts as a failed log-in does.
   */
  async function identify(id: number, password: string, client: Client): Promise<User> {
    const user = await store.users.findById(id)
    if (!user) throw userNotFound()
    const { email, passwordHash } = user
    const { address } = client
    const { isRight } = await limits.attempt({ email, address }, async () => ({
      isRight: await passwords.verify(passwordHash, password),
    }))
    if (isRight) return user
    const entry = { actorId: id, userId: id, client, at: clock.now() }
    await store.audit.record({ action: 'current_password_refused', ...entry })
    throw wrongPassword()
  }
}
