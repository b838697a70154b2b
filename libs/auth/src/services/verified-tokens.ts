import { hash } from 'node:crypto'

/** The claims of a token that was found good. */
export interface AccessClaims {
  sub: string
  sid: string
  jti: string
  iat: number
  exp: number
}

interface Entry {
  digest: string
  claims: AccessClaims
}

/**
 * Remembers the last `limit` tokens that were used, of those that were verified. Each `jti` has one
 * place, because ECDSA lets anybody make a second signature out of a first; and only the very bytes
 * that were verified are known again.
 */
export function createVerifiedTokens(limit = 10_000) {
  const byDigest = new Map<string, Entry>()
  const byJti = new Map<string, Entry>()
  return { add, find }

  function add(token: string, claims: AccessClaims): void {
    const twin = byJti.get(claims.jti)
    if (twin) byDigest.delete(twin.digest)
    const entry = { digest: digestOf(token), claims }
    byDigest.set(entry.digest, entry)
    byJti.set(claims.jti, entry)
    if (byDigest.size > limit) forgetLongestUnused()
  }

  function find(token: string): AccessClaims | undefined {
    const entry = byDigest.get(digestOf(token))
    if (!entry) return undefined
    // At the end, where those are that were used last.
    byDigest.delete(entry.digest)
    byDigest.set(entry.digest, entry)
    return entry.claims
  }

  function forgetLongestUnused(): void {
    for (const { digest, claims } of byDigest.values()) {
      byDigest.delete(digest)
      byJti.delete(claims.jti)
      return
    }
  }
}

const digestOf = (token: string): string => hash('sha256', token, 'base64')
