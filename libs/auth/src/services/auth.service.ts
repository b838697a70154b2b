import type { Clock } from '@ashlar/core/module'
import type { AuthConfig } from '../auth.config.ts'
import { invalidCredentials, registrationDisabled } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import { userRegistered } from '../events/user-registered.event.ts'
import type { User } from '../repositories/user.repository.ts'
import type { LoginBody, RegisterBody, TokenAnswer } from '../schemas/auth.schema.ts'
import type { PasswordHasher } from './password-hasher.ts'
import type { TokenService } from './token.service.ts'

export interface AuthServiceDeps {
  config: Pick<AuthConfig, 'registrationEnabled' | 'refreshTokenTtlMs'>
  store: AuthStore
  passwords: PasswordHasher
  tokens: TokenService
  clock: Clock
}

export type AuthService = ReturnType<typeof createAuthService>

export function createAuthService({ config, store, passwords, tokens, clock }: AuthServiceDeps) {
  return { register, login, verifyCredentials }

  async function register({ username, email, password }: RegisterBody): Promise<User> {
    if (!config.registrationEnabled) throw registrationDisabled()
    const passwordHash = await passwords.hash(password)
    return store.transaction(async (store) => {
      const user = await store.users.create({ username, email, passwordHash })
      await store.events.publish(userRegistered, { userId: user.id })
      return user
    })
  }

  async function login(credentials: LoginBody, device: string | undefined): Promise<TokenAnswer> {
    const user = await verifyCredentials(credentials)
    const now = clock.now()
    const refreshToken = tokens.createRefreshToken()
    const session = await store.sessions.create({
      userId: user.id,
      refreshTokenHash: refreshToken.hash,
      device: device?.slice(0, 255),
      createdAt: now,
      expiresAt: new Date(now.getTime() + config.refreshTokenTtlMs),
    })
    return {
      access_token: tokens.signAccessToken({ userId: user.id, sessionId: session.id, now }),
      refresh_token: refreshToken.token,
      token_type: 'Bearer',
      expires_in: tokens.expiresIn,
    }
  }

  /** One answer and the same work for a wrong password, an unknown e-mail and an inactive user. */
  async function verifyCredentials({ email, password }: LoginBody): Promise<User> {
    const user = await store.users.findByEmail(email)
    const matches = await passwords.verify(user?.passwordHash, password)
    if (!user || !matches || user.status !== 'active') throw invalidCredentials()
    return user
  }
}
