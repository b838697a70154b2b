import type { Request } from 'express'

/**
 * Whether a page of somebody else sent this form. Programs send no `Origin`. Under `Referrer-Policy: no-referrer` browsers send `null` with the
 * forms of our own pages (https://fetch.spec.whatwg.org/#append-a-request-origin-header), as they do with those of any sandboxed page; there
 * `Sec-Fetch-Site` tells them apart, which no page can set.
 */
export function isForeign(request: Request, appUrl: string): boolean {
  const origin = request.get('origin')
  if (origin === undefined) return false
  if (origin === 'null') return request.get('sec-fetch-site') !== 'same-origin'
  // Behind a proxy that hides scheme or host from us, only APP_URL tells the origin that people see.
  const asked = `${request.protocol}://${request.get('host')}`
  return origin !== asked && origin !== new URL(appUrl).origin
}
