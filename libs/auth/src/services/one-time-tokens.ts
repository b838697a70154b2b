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
  /** The delivery whose mail will carry it. */
  deliveryId?: string
  /** A second secret, without which the token is worth nothing. */
  boundTo?: string
}

/** The time in which no further mail replaces a link. */
const undisturbedMs = 2 * 60_000

export type OneTimeTokens = ReturnType<typeof createOneTimeTokens>

/** What goes out, by mail or as the code of a sign-in with a provider, and comes back once. */
export function createOneTimeTokens({ store, clock }: OneTimeTokensDeps) {
  return { issue, isInOtherMail, find }

  /**
   * Makes a token of 256 random bits. One to reset a password makes those of other mails worthless,
   * but not that of an earlier copy of the same mail. Others stay valid beside each other: all of
   * them prove the same address, and somebody may sign in with two browsers at once.
   */
  async function issue(
    purpose: Purpose,
    { userId, email, ttlMs, deliveryId, boundTo }: NewToken,
    within: AuthStore = store,
  ): Promise<string> {
    const token = randomBytes(32).toString('base64url')
    const createdAt = clock.now()
    const row = {
      userId,
      purpose,
      hash: hashOf(token, boundTo),
      email,
      deliveryId: deliveryId ?? null,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + ttlMs),
    }
    if (purpose === 'reset_password') await within.tokens.deleteOthers(row)
    await within.tokens.create(row)
    return token
  }

  /** Reports whether another mail took a valid token to this address in the last two minutes. */
  function isInOtherMail(purpose: Purpose, mail: NewToken, within: AuthStore): Promise<boolean> {
    const { userId, email, deliveryId = null } = mail
    const now = clock.now()
    const since = new Date(now.getTime() - undisturbedMs)
    return within.tokens.hasOther({ userId, purpose, email, deliveryId }, { since, now })
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
