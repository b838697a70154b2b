import { randomUUID } from 'node:crypto'
import { sign } from 'jsonwebtoken'
import { firstKeyOf, type SigningKeys } from './signing-key.ts'

export interface AccessTokensDeps {
  signingKeys: SigningKeys
  issuer: string
  audience: string
  accessTokenTtlMs: number
}

export interface AccessTokenSubject {
  userId: number
  sessionId: string
  now: Date
}

export type AccessTokens = ReturnType<typeof createAccessTokens>

export function createAccessTokens(deps: AccessTokensDeps) {
  const { signingKeys, issuer, audience, accessTokenTtlMs } = deps
  const expiresIn = Math.floor(accessTokenTtlMs / 1_000)
  return { expiresIn, create }

  /** A JWT with exactly the claims `iss aud sub sid iat exp jti`. */
  function create({ userId, sessionId, now }: AccessTokenSubject): string {
    const signingKey = firstKeyOf(signingKeys)
    const iat = Math.floor(now.getTime() / 1_000)
    const claims = { sid: sessionId, iat, exp: iat + expiresIn }
    return sign(claims, signingKey.privateKey, {
      algorithm: 'ES256',
      keyid: signingKey.kid,
      issuer,
      audience,
      subject: String(userId),
      jwtid: randomUUID(),
    })
  }
}
