import { Strategy } from 'passport-jwt'
import { z } from 'zod'
import { readCanonicalJwt } from './jwt-form.ts'
import type { SigningKeys } from './signing-key.ts'

export const allowedSkewSeconds = 30

/** `typ` may be absent: RFC 7519 §5.1 leaves it to the issuer. */
const Header = z.strictObject({
  alg: z.literal('ES256'),
  kid: z.string(),
  typ: z.literal('JWT').optional(),
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

/**
 * Returns the claims of a token whose signature, form and claims are those of our own tokens; every
 * other token fails alike. The session is not queried.
 */
export function createAccessTokenStrategy(deps: AccessTokenStrategyDeps): Strategy {
  const { signingKeys, issuer, audience } = deps
  const Claims = claimsOf(issuer, audience)
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
   * Only our own keys count, by `kid`. A header with further members is not ours (`crit` would have
   * to be understood, RFC 7515 §4.1.11), and neither is a payload that is no object: jsonwebtoken
   * would read it all the same.
   */
  function findKey(token: string): Buffer | undefined {
    const { header, payload } = readCanonicalJwt(token) ?? {}
    const { kid } = Header.safeParse(header).data ?? {}
    if (kid === undefined || typeof payload !== 'object' || payload === null) return undefined
    const key = signingKeys.find((each) => each.kid === kid)
    // A key object, which needs no parsing at each request; only the types of passport-jwt do not know it.
    return key?.publicKey as unknown as Buffer | undefined
  }
}

/**
 * Exactly the claims that `createAccessTokens` writes. A list as `aud`, or a claim such as
 * `nbf`, is valid by RFC 7519, but no token of ours.
 */
const claimsOf = (issuer: string, audience: string) =>
  z.strictObject({
    iss: z.literal(issuer),
    aud: z.literal(audience),
    sub: z.string().regex(/^[1-9]\d{0,9}$/),
    sid: z.uuid(),
    jti: z.uuid(),
    iat: z.int(),
    exp: z.int(),
  })
