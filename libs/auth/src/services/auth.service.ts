import type { AuthConfig } from '../auth.config.ts'
import type { Clock } from '@ashlar/core/module'
import { invalidCredentials, registrationDisabled } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import { userRegistered } from '../events/user-registered.event.ts'
import type { Client } from '../repositories/client.ts'
import type { User } from '../repositories/user.repository.ts'
import type { LoginBody, RegisterBody } from '../schemas/auth.schema.ts'
import type { LoginLimits } from './login-limits.ts'
import type { PasswordHasher } from './password-hasher.ts'

export interface AuthServiceDeps {
  config: Pick<AuthConfig, 'registrationEnabled'>
  store: AuthStore
  passwords: PasswordHasher
  limits: LoginLimits
  clock: Clock
}

export type AuthService = ReturnType<typeof createAuthService>

export function createAuthService({ config, store, passwords, limits, clock }: AuthServiceDeps) {
  return { register, verifyCredentials }

  async function register(
    { username, email, password }: RegisterBody,
    client: Client,
  ): Promise<User> {
    if (!config.registrationEnabled) throw registrationDisabled()
    const passwordHash = await passwords.hash(password)
    return store.transaction(async (store) => {
      const user = await store.users.create({ username, email, passwordHash })
      await store.events.publish(userRegistered, { userId: user.id })
      await store.audit.record({
        action: 'registered',
        actorId: user.id,
        userId: user.id,
        client,
        at: clock.now(),
      })
      return user
    })
  }

  /** One answer and the same work for a wrong password, none, an unknown e-mail and an inactive user. */
  async function verifyCredentials({ email, password }: LoginBody, client: Client): Promise<User> {
    const { address } = client
    await limits.check({ email, address })
    const { user, matches } = await passwords.inTurn(async (verify) => {
      const user = await store.users.findByEmail(email)
      return { user, matches: await verify(user?.passwordHash, password) }
    })
    if (!user?.passwordHash || !matches || user.status !== 'active') {
      await limits.fail({ email, address })
      // One statement in any case, and no word of the e-mail: it may be a password in the wrong field.
      await store.audit.record({
        action: 'login_failed',
        userId: user?.id,
        client,
        at: clock.now(),
      })
      throw invalidCredentials()
    }
    const passwordHash = await passwords.renew(user.passwordHash, password)
    if (passwordHash === undefined) return user
    if (await store.users.renewHash(user, passwordHash)) return { ...user, passwordHash }
    // Another log-in renewed it meanwhile, or somebody changed the password.
    return verifyCredentials({ email, password }, client)
  }
}
