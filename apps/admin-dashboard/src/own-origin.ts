import type { RequestHandler } from 'express'
import { forbidden } from '@ashlar/core/http'

const safeMethods = ['GET', 'HEAD', 'OPTIONS', 'TRACE']

/**
 * A change must come from a page of this dashboard. Browsers tell the origin with every change and let no page forge it; a request without
 * one is refused too. The own origin is what the client itself asked for: its `Host`, and its scheme as TRUST_PROXY lets it be known.
 * A page whose name was made to lead here (DNS rebinding) is an origin of its own and passes, but without a session: browsers send the
 * cookie to the one name that set it.
 */
export const requireOwnOrigin: RequestHandler = (request, response, next) => {
  // With helmet's `no-referrer`, browsers would send `Origin: null` with the forms of our own pages.
  response.set('Referrer-Policy', 'same-origin')
  if (safeMethods.includes(request.method)) return next()
  const host = request.get('host')
  // Only HTTP/1.0 may leave it out, and no browser does.
  if (host === undefined || request.get('origin') !== `${request.protocol}://${host}`)
    throw forbidden({ detail: 'A change must come from a page of this dashboard.' })
  next()
}
