import type { Request } from 'express'

/**
 * Reports whether a page of another site sent this form. Programs send no `Origin`. Under
 * `Referrer-Policy: no-referrer` browsers send `null` with the forms of our own pages, as they do
 * with those of any sandboxed page. `Sec-Fetch-Site`, which no page can set, tells these apart.
 * https://fetch.spec.whatwg.org/#append-a-request-origin-header
 */
export function isForeign(request: Request, appUrl: string): boolean {
  const origin = request.get('origin')
  if (origin === undefined) return false
  if (origin === 'null') return request.get('sec-fetch-site') !== 'same-origin'
  // Behind a proxy that changes scheme or host, only APP_URL has the origin that people see.
  const asked = `${request.protocol}://${request.get('host')}`
  return origin !== asked && origin !== new URL(appUrl).origin
}
