import { randomBytes } from 'node:crypto'
import type { Clock } from '@ashlar/core/module'
import { invalidToken } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import type { OneTimeToken } from '../repositories/one-time-token.repository.ts'
import type { User } from '../repositories/user.repository.ts'
import { digestOf } from './digest.ts'

export interface OneTimeTokensDeps {
  store: AuthStore
  clock: Clock
}

type Purpose = OneTimeToken['purpose']

interface NewToken {
  userId: number
  email: string
  ttlMs: number
  /** What whoever uses the token must know besides. */
  boundTo?: string
}

export type OneTimeTokens = ReturnType<typeof createOneTimeTokens>

/** What goes out, by mail or as the code of a sign-in with a provider, and comes back once. */
export function createOneTimeTokens({ store, clock }: OneTimeTokensDeps) {
  return { issue, find }

  /**
   * Makes a token of 256 random bits for a link to this address, and the older ones of this user and purpose worthless. One that is bound
   * leaves them: somebody may sign in with two browsers at once.
   */
  async function issue(
    purpose: Purpose,
    { userId, email, ttlMs, boundTo }: NewToken,
  ): Promise<string> {
    const token = randomBytes(32).toString('base64url')
    const createdAt = clock.now()
    const expiresAt = new Date(createdAt.getTime() + ttlMs)
    const hash = hashOf(token, boundTo)
    const row = { userId, purpose, hash, email, createdAt, expiresAt }
    if (boundTo === undefined) await replace(row)
    else await store.tokens.create(row)
    return token
  }

  /** Serializable, because two that are made at once do not see each other, and both would be good. */
  function replace(row: Parameters<AuthStore['tokens']['replace']>[0]): Promise<void> {
    return store.transaction((store) => store.tokens.replace(row), { isolation: 'serializable' })
  }

  /** Throws `auth.invalid_token` when it is unknown, used, expired or of the other kind. */
  async function find(
    purpose: Purpose,
    token: string,
    boundTo?: string,
  ): Promise<OneTimeToken & { user: User }> {
    const hash = hashOf(token, boundTo)
    const found = await store.tokens.findWithUser({ hash, purpose }, clock.now())
    if (!found) throw invalidToken()
    return found
  }
}

const hashOf = (token: string, boundTo?: string) =>
  digestOf(boundTo === undefined ? token : `${token}.${boundTo}`)
