import type { Request, RequestHandler } from 'express'
import { notFound } from '../errors/index.ts'
import { addressTooLong, headersTooLarge, malformedRequest, malformedText } from './errors.ts'
import { pathOf } from './request-target.ts'

export const addressLimit = 8 * 1024
export const headerLimit = 16 * 1024

const closing = { headers: { Connection: 'close' } }

/** Refuses what Node's parser lets pass and no route should meet. */
export const checkRequest: RequestHandler = (request, _response, next) => {
  if (request.originalUrl.length > addressLimit) throw addressTooLong()
  if (headerBytes(request) > headerLimit) throw headersTooLarge()
  if (!namesHost(request)) throw malformedRequest(closing)
  if (!isKnownTransfer(request)) throw malformedRequest(closing)
  checkPath(pathOf(request))
  next()
}

const headerBytes = ({ rawHeaders }: Request): number =>
  rawHeaders.reduce((sum, text) => sum + text.length + 2, 0)

/** How many fields of a name came, before Node joined them or took the first. */
export const headerCount = ({ rawHeaders }: Request, name: string): number =>
  rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length

/**
 * HTTP/1.0 has no `Host`, and checks of load balancers are often written in it. From 1.1 on it is
 * required (RFC 9112 §3.2).
 */
function namesHost(request: Request): boolean {
  const hosts = headerCount(request, 'host')
  return hosts === 1 || (hosts === 0 && request.httpVersion === '1.0')
}

/** Where a proxy and this server read `Transfer-Encoding` differently, a request can be smuggled. */
const isKnownTransfer = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] === undefined ||
  headers['transfer-encoding'].trim().toLowerCase() === 'chunked'

/**
 * A path means one thing to every party or nothing: no slash in disguise, no dot segment, no fragment. So no rule of a proxy and no guard is
 * passed by another spelling.
 */
function checkPath(path: string): void {
  if (/[^\x21-\x7e]|#/.test(path)) throw malformedText()
  const segments = path.split('/').slice(1).map(decodeSegment)
  if (segments.some((segment) => /^\.{1,2}$|[/\\]/.test(segment))) throw notFound()
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw malformedText()
  }
}
