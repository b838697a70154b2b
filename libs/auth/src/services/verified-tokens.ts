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
 * Remembers which tokens were verified, the last `limit` that were used. One entry for each `jti`, because one token can be written in many
 * ways (base64 and ECDSA both allow it); and only the very bytes that were verified are known again.
 */
export function createVerifiedTokens(limit = 10_000) {
  const entries = new Map<string, Entry>()
  return { add, find }

  function add(token: string, claims: AccessClaims): void {
    put({ digest: digestOf(token), claims })
    const [longestUnused] = entries.keys()
    if (entries.size > limit && longestUnused !== undefined) entries.delete(longestUnused)
  }

  function find(token: string): AccessClaims | undefined {
    const entry = entries.get(jtiOf(token) ?? '')
    if (!entry || entry.digest !== digestOf(token)) return undefined
    put(entry)
    return entry.claims
  }

  /** At the end, where those are that were used last. */
  function put(entry: Entry): void {
    entries.delete(entry.claims.jti)
    entries.set(entry.claims.jti, entry)
  }
}

const digestOf = (token: string): string => hash('sha256', token, 'base64')

/** Read before anybody knows whether the token is good: it only finds the entry. */
function jtiOf(token: string): string | undefined {
  try {
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      jti?: unknown
    } | null
    return typeof payload?.jti === 'string' ? payload.jti : undefined
  } catch {
    return undefined
  }
}
