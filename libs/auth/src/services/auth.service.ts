import type { AuthConfig } from '../auth.config.ts'
import { invalidCredentials, registrationDisabled } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import { userRegistered } from '../events/user-registered.event.ts'
import type { User } from '../repositories/user.repository.ts'
import type { LoginBody, RegisterBody } from '../schemas/auth.schema.ts'
import type { LoginLimits } from './login-limits.ts'
import type { PasswordHasher } from './password-hasher.ts'

export interface AuthServiceDeps {
  config: Pick<AuthConfig, 'registrationEnabled'>
  store: AuthStore
  passwords: PasswordHasher
  limits: LoginLimits
}

export type AuthService = ReturnType<typeof createAuthService>

export function createAuthService({ config, store, passwords, limits }: AuthServiceDeps) {
  return { register, verifyCredentials }

  async function register({ username, email, password }: RegisterBody): Promise<User> {
    if (!config.registrationEnabled) throw registrationDisabled()
    const passwordHash = await passwords.hash(password)
    return store.transaction(async (store) => {
      const user = await store.users.create({ username, email, passwordHash })
      await store.events.publish(userRegistered, { userId: user.id })
      return user
    })
  }

  /** One answer and the same work for a wrong password, an unknown e-mail and an inactive user. */
  async function verifyCredentials(
    { email, password }: LoginBody,
    address: string | undefined,
  ): Promise<User> {
    await limits.check({ email, address })
    const user = await store.users.findByEmail(email)
    const matches = await passwords.verify(user?.passwordHash, password)
    if (!user || !matches || user.status !== 'active') {
      await limits.fail({ email, address })
      throw invalidCredentials()
    }
    return user
  }
}
