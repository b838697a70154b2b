import type { Request } from 'express'
import { Strategy } from 'passport-jwt'
import { z } from 'zod'
import type { Clock } from '@ashlar/core/module'
import type { LiveSessionRepository } from '../repositories/live-session.repository.ts'
import { bearerTokenOf } from './bearer-token.ts'
import type { SigningKeys } from './signing-key.ts'
import { createVerifiedTokens, type AccessClaims } from './verified-tokens.ts'

const allowedSkewSeconds = 30

/** Claims that passport-jwt does not insist on by itself. */
const Claims = z.object({
  sub: z.string().regex(/^[1-9]\d{0,9}$/),
  sid: z.uuid(),
  jti: z.string().min(1).max(100),
  iat: z.int(),
  exp: z.int(),
})

export interface AccessTokenStrategyDeps {
  liveSessions: LiveSessionRepository
  signingKeys: SigningKeys
  issuer: string
  audience: string
  clock: Clock
}

/**
 * A bearer token whose signature, claims and session are all good gives `{ user, sessionId }`; anything else fails alike. The signature of the
 * same bytes is checked once, session and user at each request.
 */
export function createAccessTokenStrategy(deps: AccessTokenStrategyDeps): Strategy {
  const { liveSessions, signingKeys, issuer, audience, clock } = deps
  const verified = createVerifiedTokens()
  const strategy = new Strategy(
    {
      jwtFromRequest: bearerTokenOf,
      secretOrKeyProvider: (_request, token: string, done) => done(null, findKey(token)),
      algorithms: ['ES256'],
      issuer,
      audience,
      jsonWebTokenOptions: { clockTolerance: allowedSkewSeconds },
      passReqToCallback: true,
    },
    (request: Request, payload: unknown, done) => {
      const claims = Claims.safeParse(payload).data
      if (!claims) return done(null, false)
      verified.add(bearerTokenOf(request) ?? '', claims)
      findCaller(claims).then(
        (caller) => done(null, caller ?? false),
        (error: unknown) => done(error, false),
      )
    },
  )
  const verify = strategy.authenticate
  // Passport gives each request a strategy of its own, as `this`.
  strategy.authenticate = function (request, options) {
    const claims = verified.find(bearerTokenOf(request) ?? '')
    if (!claims) return verify.call(this, request, options)
    findCaller(claims).then(
      (caller) => (caller ? this.success(caller) : this.fail(401)),
      (error: Error) => this.error(error),
    )
  }
  return strategy

  async function findCaller({ sub, sid, iat, exp }: AccessClaims) {
    const now = clock.now()
    const seconds = now.getTime() / 1_000
    if (iat > seconds + allowedSkewSeconds || exp <= seconds - allowedSkewSeconds) return null
    const session = await liveSessions.find(sid, now)
    if (!session || String(session.user.id) !== sub) return null
    return { user: session.user, sessionId: session.id }
  }

  /**
   * Only among our own keys, by `kid`; not for a token with extensions that would have to be understood (`crit`, RFC 7515 §4.1.11); and not for a payload
   * that is no object, which jsonwebtoken would read all the same.
   */
  function findKey(token: string): Buffer | undefined {
    const [header, payload] = [0, 1].map((index) => partOf(token, index))
    const { kid } = Header.safeParse(header).data ?? {}
    if (kid === undefined || typeof payload !== 'object' || payload === null) return undefined
    const key = signingKeys.find((each) => each.kid === kid)
    // A key object, which needs no parsing at each request; only the types of passport-jwt do not know it.
    return key?.publicKey as unknown as Buffer | undefined
  }
}

const Header = z.object({ kid: z.string(), crit: z.undefined().optional() })

function partOf(token: string, index: number): unknown {
  try {
    return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
