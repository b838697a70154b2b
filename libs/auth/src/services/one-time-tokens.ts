import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '@ashlar/core/module'
import { invalidToken } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import type { OneTimeToken } from '../repositories/one-time-token.repository.ts'
import type { User } from '../repositories/user.repository.ts'

export interface OneTimeTokensDeps {
  store: AuthStore
  clock: Clock
}

type Purpose = OneTimeToken['purpose']

export type OneTimeTokens = ReturnType<typeof createOneTimeTokens>

/** What goes out by mail and comes back once. */
export function createOneTimeTokens({ store, clock }: OneTimeTokensDeps) {
  return { issue, find }

  /** Makes a token of 256 random bits for a link to this address, and the older ones of this user and purpose worthless. */
  async function issue(
    purpose: Purpose,
    { userId, email, ttlMs }: { userId: number; email: string; ttlMs: number },
  ): Promise<string> {
    const token = randomBytes(32).toString('base64url')
    const createdAt = clock.now()
    const expiresAt = new Date(createdAt.getTime() + ttlMs)
    await store.transaction((store) =>
      store.tokens.replace({ userId, purpose, hash: hashOf(token), email, createdAt, expiresAt }),
    )
    return token
  }

  /** Throws `auth.invalid_token` when it is unknown, used, expired or of the other kind. */
  async function find(purpose: Purpose, token: string): Promise<OneTimeToken & { user: User }> {
    const found = await store.tokens.findWithUser({ hash: hashOf(token), purpose }, clock.now())
    if (!found) throw invalidToken()
    return found
  }
}

const hashOf = (token: string) => Uint8Array.from(createHash('sha256').update(token).digest())
