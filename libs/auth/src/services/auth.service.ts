import { randomUUID } from 'node:crypto'
import { AppError } from '@ashlar/core/errors'
import type { Once } from '@ashlar/core/http'
import type { Clock } from '@ashlar/core/module'
import type { AuthConfig } from '../auth.config.ts'
import {
  emailTaken,
  invalidCredentials,
  registrationDisabled,
  usernameTaken,
} from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import { registrationRepeated } from '../events/registration-repeated.event.ts'
import { userRegistered } from '../events/user-registered.event.ts'
import type { Client } from '../repositories/client.ts'
import type { User } from '../repositories/user.repository.ts'
import type { LoginBody, RegisterBody } from '../schemas/auth.schema.ts'
import type { LoginLimits } from './login-limits.ts'
import type { PasswordHasher } from './password-hasher.ts'
import type { SecondFactorGate } from './second-factor-check.ts'

export interface AuthServiceDeps {
  config: Pick<AuthConfig, 'registrationEnabled' | 'registrationQuiet'>
  store: AuthStore
  passwords: PasswordHasher
  limits: LoginLimits
  secondFactor: SecondFactorGate
  clock: Clock
}

/** What somebody proves to be somebody with. */
export interface Credentials extends LoginBody {
  /** Of the second factor. */
  code?: string | undefined
}

export type AuthService = ReturnType<typeof createAuthService>

export function createAuthService(deps: AuthServiceDeps) {
  const { config, store, passwords, limits, secondFactor, clock } = deps
  return { assertOpen, register, registerQuietly, verifyCredentials }

  /** Whether anybody may register. */
  function assertOpen(): true {
    if (!config.registrationEnabled) throw registrationDisabled()
    return true
  }

  async function register(
    { username, email, password }: RegisterBody,
    client: Client,
    once: Once<User>,
  ): Promise<User> {
    const passwordHash = await passwords.hash(password)
    return store.transaction(async (store) => {
      const user = await create(store, { username, email, passwordHash }, client)
      await store.answers.keep(once, user)
      return user
    })
  }

  /**
   * One answer and the same work whether the e-mail is taken or not: its owner is told by mail, and
   * nobody else. An account is made in both cases, because others see its username and its id. For
   * a taken e-mail it is one that nobody can open.
   */
  async function registerQuietly(
    { username, email, password }: RegisterBody,
    client: Client,
    once: Once<void>,
  ): Promise<void> {
    const passwordHash = await passwords.hash(password)
    const register = () =>
      store.transaction(async (store) => {
        if (await store.users.hasUsername(username)) throw usernameTaken()
        const owner = await store.users.findByEmail(email)
        if (owner) await standIn(store, username, owner, client)
        else await create(store, { username, email, passwordHash }, client)
        await store.answers.keep(once, undefined)
      })
    // Somebody registered the address between the look and the change: another look finds who.
    await register().catch((error: unknown) => {
      if (error instanceof AppError && error.code === emailTaken.code) return register()
      throw error
    })
  }

  /**
   * The address is no e-mail address, so that nobody can use it to log in, to get a mail or to
   * register.
   */
  async function standIn(
    store: AuthStore,
    username: string,
    { id: userId }: User,
    client: Client,
  ): Promise<void> {
    await store.users.create({ username, email: `nobody:${randomUUID()}`, passwordHash: null })
    await store.events.publish(registrationRepeated, { userId })
    const entry = { userId, client, at: clock.now() }
    await store.audit.record({ action: 'registration_repeated', ...entry })
  }

  async function create(
    store: AuthStore,
    account: { username: string; email: string; passwordHash: string },
    client: Client,
  ): Promise<User> {
    const user = await store.users.create(account)
    const userId = user.id
    await store.events.publish(userRegistered, { userId })
    const entry = { actorId: userId, userId, client, at: clock.now() }
    await store.audit.record({ action: 'registered', ...entry })
    return user
  }

  /** One answer and the same work for a wrong password, none, an unknown e-mail and an inactive user. Then the second factor is asked for. */
  async function verifyCredentials(credentials: Credentials, client: Client): Promise<User> {
    const { email, password, code } = credentials
    const { address } = client
    const { user, isRight } = await limits.attempt({ email, address }, () =>
      passwords.inTurn(async (verify) => {
        const user = await store.users.findByEmail(email)
        const matches = await verify(user?.passwordHash, password)
        return { user, isRight: matches && user !== null && mayLogIn(user) }
      }),
    )
    if (!user?.passwordHash || !isRight) {
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
    if (passwordHash !== undefined && !(await store.users.renewHash(user, passwordHash)))
      // Another log-in renewed it meanwhile, or somebody changed the password.
      return verifyCredentials(credentials, client)
    await secondFactor.assert(user, code, client)
    return passwordHash === undefined ? user : { ...user, passwordHash }
  }

  /** Where registrations are quiet, one that counted at once would tell by a log-in what its answer did not. */
  function mayLogIn({ status, emailVerifiedAt }: User): boolean {
    return status === 'active' && (!config.registrationQuiet || emailVerifiedAt !== null)
  }
}
