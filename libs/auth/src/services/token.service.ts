import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { sign } from 'jsonwebtoken'
import type { SigningKey } from './signing-key.ts'

export interface TokenServiceDeps {
  signingKey: SigningKey
  issuer: string
  audience: string
  accessTokenTtlMs: number
}

export type TokenService = ReturnType<typeof createTokenService>

export function createTokenService({
  signingKey,
  issuer,
  audience,
  accessTokenTtlMs,
}: TokenServiceDeps) {
  const expiresIn = Math.floor(accessTokenTtlMs / 1_000)

  return { expiresIn, signAccessToken, createRefreshToken }

  /** A JWT with exactly the claims `iss aud sub sid iat exp jti`. */
  function signAccessToken({
    userId,
    sessionId,
    now,
  }: {
    userId: number
    sessionId: string
    now: Date
  }): string {
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

  /** 256 random bits for the client, and the digest that the database keeps. */
  function createRefreshToken() {
    const token = randomBytes(32).toString('base64url')
    return { token, hash: createHash('sha256').update(token).digest() }
  }
}
