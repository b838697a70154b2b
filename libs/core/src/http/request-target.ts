import type { IncomingMessage } from 'node:http'
import type { Request } from 'express'

/** A target as a path and a query, without the scheme and the authority that it may begin with (RFC 9112 §3.2.2). */
const originFormOf = (target: string): string => {
  if (target.startsWith('/')) return target
  const rest = target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '')
  return rest === '' || rest.startsWith('?') ? `/${rest}` : rest
}

/** Express finds no path behind a scheme that it does not know, and would answer past the app. */
export function useOriginForm(request: IncomingMessage): void {
  const { url = '' } = request
  if (!url.startsWith('/')) Object.assign(request, { url: originFormOf(url), originalUrl: url })
}

/** The path as sent, without the query, which may hold secrets. */
export const pathOf = ({ originalUrl }: Request): string =>
  originFormOf(originalUrl).split('?', 1)[0] ?? ''

/** The query as sent, without its question mark. */
export function queryOf({ originalUrl }: Request): string {
  const start = originalUrl.indexOf('?')
  return start === -1 ? '' : originalUrl.slice(start + 1)
}

/** The path and the query as sent. */
export const addressOf = ({ originalUrl }: Request): string => originFormOf(originalUrl)
