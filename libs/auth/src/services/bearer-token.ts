import type { IncomingMessage } from 'node:http'

/** Ours have under 500 characters. */
const longest = 4_096

const bearer = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i

/** The JWT of a request, from its one Authorization header and from nowhere else (RFC 6750 §2.1); null without a well-formed one. */
export function bearerTokenOf({ headers, headersDistinct }: IncomingMessage): string | null {
  const { authorization } = headers
  // Node keeps the first of several and drops the others, and whoever stands before us may have read another.
  if (authorization === undefined || headersDistinct['authorization']?.length !== 1) return null
  if (authorization.length > longest) return null
  return bearer.exec(authorization)?.[1] ?? null
}
