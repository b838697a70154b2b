import { Strategy } from 'passport-jwt'
import { z } from 'zod'
import type { SigningKeys } from './signing-key.ts'

export const allowedSkewSeconds = 30

/** Claims that passport-jwt does not insist on by itself. */
const Claims = z.object({
  sub: z.string().regex(/^[1-9]\d{0,9}$/),
  sid: z.uuid(),
  jti: z.string().min(1).max(100),
  iat: z.int(),
  exp: z.int(),
})

export interface AccessTokenStrategyDeps {
  signingKeys: SigningKeys
  issuer: string
  audience: string
}

/** What it is asked with, in place of a request. */
export interface TokenHolder {
  token: string
}

/** A token whose signature and claims are good gives its claims; anything else fails alike. Its session is not looked at. */
export function createAccessTokenStrategy(deps: AccessTokenStrategyDeps): Strategy {
  const { signingKeys, issuer, audience } = deps
  return new Strategy(
    {
      jwtFromRequest: (holder) => (holder as unknown as TokenHolder).token,
      secretOrKeyProvider: (_request, token: string, done) => done(null, findKey(token)),
      algorithms: ['ES256'],
      issuer,
      audience,
      jsonWebTokenOptions: { clockTolerance: allowedSkewSeconds },
    },
    (payload: unknown, done) => done(null, Claims.safeParse(payload).data ?? false),
  )

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
