import type { IncomingMessage } from 'node:http'
import { isApiKey } from './api-key.ts'

/** Ours have under 500 characters. */
const longest = 4_096

const bearer = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i

/** The JWT of a request, from its one Authorization header and from nowhere else (RFC 6750 §2.1); null without a well-formed one. */
export const bearerTokenOf = (request: IncomingMessage): string | null =>
  bearer.exec(authorizationOf(request) ?? '')?.[1] ?? null

/** The API key of a request, from the same place. */
export function apiKeyOf(request: IncomingMessage): string | null {
  const [, text = ''] = /^bearer +(\S+)$/i.exec(authorizationOf(request) ?? '') ?? []
  return isApiKey(text) ? text : null
}

function authorizationOf({ headers, headersDistinct }: IncomingMessage): string | undefined {
  const { authorization } = headers
  // Node keeps the first of several and drops the others, and whoever stands before us may have read another.
  if (headersDistinct['authorization']?.length !== 1) return undefined
  return authorization !== undefined && authorization.length <= longest ? authorization : undefined
}
