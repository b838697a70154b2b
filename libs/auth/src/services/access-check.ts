import { Passport } from 'passport'
import type { Request } from 'express'
import type { Clock } from '@ashlar/core/module'
import type { AuthenticatedUser } from '../repositories/authenticated-user.ts'
import type { LiveSessionRepository } from '../repositories/live-session.repository.ts'
import {
  allowedSkewSeconds,
  createAccessTokenStrategy,
  type AccessTokenStrategyDeps,
  type TokenHolder,
} from './access-token.strategy.ts'
import { createVerifiedTokens, type AccessClaims } from './verified-tokens.ts'

export interface AccessCheckDeps extends AccessTokenStrategyDeps {
  liveSessions: LiveSessionRepository
  clock: Clock
}

/** Who sent an access token, and in which session. */
export interface Access {
  user: AuthenticatedUser
  sessionId: string
}

export type AccessCheck = ReturnType<typeof createAccessCheck>

/** The signature of the same bytes is checked once; times, session and user at each request. */
export function createAccessCheck({ liveSessions, clock, ...deps }: AccessCheckDeps) {
  const passport = new Passport().use('access-token', createAccessTokenStrategy(deps))
  const verified = createVerifiedTokens()
  return { find }

  /** Null for a token that is not good, or whose session is not. */
  async function find(token: string): Promise<Access | null> {
    const claims = verified.find(token) ?? (await verify(token))
    if (!claims) return null
    const now = clock.now()
    if (!isTimely(claims, now)) return null
    const session = await liveSessions.find(claims.sid, now)
    if (!session || String(session.user.id) !== claims.sub) return null
    return { user: session.user, sessionId: session.id }
  }

  /**
   * Only for bytes that were not seen before. What passport makes for each request lives in the old generation from the start and would keep the
   * whole request with it, so it gets nothing but the token.
   */
  async function verify(token: string): Promise<AccessClaims | null> {
    const claims = await new Promise<AccessClaims | null>((resolve, reject) => {
      const decide = (error: Error | null, found: AccessClaims | false | undefined) =>
        error ? reject(error) : resolve(found || null)
      const holder: TokenHolder = { token }
      const middleware = passport.authenticate('access-token', { session: false }, decide) as (
        request: Request,
        response: object,
        next: (error: unknown) => void,
      ) => void
      middleware(holder as unknown as Request, {}, reject)
    })
    if (claims) verified.add(token, claims)
    return claims
  }
}

function isTimely({ iat, exp }: AccessClaims, now: Date): boolean {
  const seconds = now.getTime() / 1_000
  return iat <= seconds + allowedSkewSeconds && exp > seconds - allowedSkewSeconds
}
