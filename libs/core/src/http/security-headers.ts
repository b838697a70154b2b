import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import cors from 'cors'
import type { RequestHandler, Response } from 'express'
import helmet from 'helmet'

type Directives = Record<string, readonly string[]>

const nothing: Directives = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
}

/**
 * Helmet's headers with a policy that lets an answer load nothing at all; the few pages open what they need by {@link allowSources}. They are
 * the same for every answer, so helmet is asked once.
 */
export function securityHeaders(): RequestHandler {
  const headers = askHelmet()
  return (_request, response, next) => {
    for (const [name, value] of headers) response.setHeader(name, value)
    next()
  }
}

function askHelmet(): readonly (readonly [string, string])[] {
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  const handle = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: nothing },
    xFrameOptions: { action: 'deny' },
  })
  handle(request, response, (error) => {
    if (error instanceof Error) throw error
  })
  return Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)])
}

/** Lets one page load from the sources named, and from nowhere else. */
export function allowSources(response: Response, sources: Directives): void {
  const directives = Object.entries({ ...nothing, ...sources })
  response.set(
    'Content-Security-Policy',
    directives.map(([name, values]) => `${name} ${values.join(' ')}`).join('; '),
  )
}

const exposed = [
  'ETag',
  'Idempotency-Replayed',
  'Link',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'traceparent',
  'WWW-Authenticate',
  'X-Request-Id',
]

/** Lets the pages of listed origins call the API. Others, `null` among them, get no CORS header at all. */
export function crossOrigin(origins: readonly string[]): RequestHandler {
  const handle = cors({
    origin: (origin, decide) =>
      decide(null, origin !== undefined && origins.includes(origin) ? origin : false),
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: exposed,
    maxAge: 600,
    // The path's own OPTIONS answers, with Allow.
    preflightContinue: true,
  })
  return (request, response, next) => {
    if (origins.length > 0) response.vary('Origin')
    // Without one, no page of another origin asks.
    if (request.headers.origin === undefined) next()
    else handle(request, response, next)
  }
}
