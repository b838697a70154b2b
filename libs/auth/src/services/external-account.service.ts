import { AppError } from '@ashlar/core/errors'
import type { Clock } from '@ashlar/core/module'
import type { AuthConfig } from '../auth.config.ts'
import {
  accountEmailUnverified,
  accountNotLinked,
  emailTaken,
  inactiveUser,
  providerEmailUnverified,
  registrationDisabled,
  usernameTaken,
} from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import { userRegistered } from '../events/user-registered.event.ts'
import type { ExternalProfile, ProviderName } from '../providers/provider.ts'
import type { Client } from '../repositories/client.ts'
import { isIdentityTaken } from '../repositories/external-identity.repository.ts'
import type { User } from '../repositories/user.repository.ts'
import { Email } from '../schemas/user.schema.ts'
import { usernameFrom } from './usernames.ts'

export interface ExternalAccountServiceDeps {
  config: Pick<AuthConfig, 'registrationEnabled'>
  store: AuthStore
  clock: Clock
}

export type ExternalAccountService = ReturnType<typeof createExternalAccountService>

const mostAttempts = 5

interface SignIn {
  provider: ProviderName
  profile: ExternalProfile
  client: Client
  /** From 0; a later one finds what another transaction left. */
  attempt: number
}

/** Which of our accounts somebody's account at a provider opens. */
export function createExternalAccountService(deps: ExternalAccountServiceDeps) {
  const { config, store, clock } = deps
  return { find }

  /** The linked account; else the one with the same e-mail, if both sides verified it; else a new one. */
  async function find(
    provider: ProviderName,
    profile: ExternalProfile,
    client: Client,
  ): Promise<User> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const signIn = { provider, profile, client, attempt }
        return await store.transaction((store) => resolve(store, signIn))
      } catch (error) {
        if (attempt + 1 >= mostAttempts || !isRace(error)) throw error
      }
    }
  }

  async function resolve(store: AuthStore, signIn: SignIn): Promise<User> {
    const { provider, profile, client } = signIn
    const { subject } = profile
    const known = await store.identities.findWithUser(provider, subject)
    if (known?.user) return assertActive(known.user)
    // The account was deleted: its identity is free again, as its e-mail is.
    if (known) await store.identities.remove(known)
    const email = emailOf(profile)
    const user =
      (await findLinkable(store, email, profile)) ?? (await register(store, email, signIn))
    const [userId, at] = [user.id, clock.now()]
    await store.identities.create({ userId, provider, subject, email, createdAt: at })
    const action = 'identity_linked'
    await store.audit.record({ action, actorId: userId, userId, client, at })
    return user
  }

  async function findLinkable(
    store: AuthStore,
    email: string,
    { linksByEmail }: ExternalProfile,
  ): Promise<User | null> {
    const user = await store.users.findByEmail(email)
    if (!user) return null
    if (!linksByEmail) throw accountNotLinked()
    assertActive(user)
    // Whoever registered it may be a stranger, who would share the account with its owner.
    if (user.emailVerifiedAt === null) throw accountEmailUnverified()
    return user
  }

  async function register(
    store: AuthStore,
    email: string,
    { profile, client, attempt }: SignIn,
  ): Promise<User> {
    if (!config.registrationEnabled) throw registrationDisabled()
    const at = clock.now()
    const user = await store.users.create({
      username: usernameFrom(profile.name, attempt),
      email,
      passwordHash: null,
      emailVerifiedAt: at,
    })
    const userId = user.id
    await store.events.publish(userRegistered, { userId })
    await store.audit.record({ action: 'registered', actorId: userId, userId, client, at })
    return user
  }
}

function assertActive(user: User): User {
  if (user.status !== 'active') throw inactiveUser()
  return user
}

function emailOf({ verifiedEmail }: ExternalProfile): string {
  const email = Email.safeParse(verifiedEmail)
  if (!email.success) throw providerEmailUnverified()
  return email.data
}

/** Somebody took the name, or the same person signed in twice at once: another look finds what is there now. */
const isRace = (error: unknown): boolean =>
  isIdentityTaken(error) ||
  (error instanceof AppError && [usernameTaken.code, emailTaken.code].includes(error.code))
