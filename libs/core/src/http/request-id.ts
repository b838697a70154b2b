import { randomUUID } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import { requestContext, type RequestContext } from '../logging/index.ts'
import { traceparentHeader } from '../telemetry/index.ts'

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- Express is extended this way.
  namespace Express {
    interface Locals {
      /** Also kept here, because the events at the end of an answer may run outside the request's own context. */
      context?: RequestContext
      /** Code of the problem that was answered. */
      problem?: string
    }
  }
}

/** Nothing that could break a log line or a header. */
const acceptable = /^[A-Za-z0-9._-]{1,128}$/

/** The client's own name for its request, if it is harmless. */
export const chooseRequestId = (given: unknown): string =>
  typeof given === 'string' && acceptable.test(given) ? given : randomUUID()

/** Names each request, keeping the client's own name if it is harmless, tells its trace, and opens the context that carries it into every log line. */
export const identifyRequest: RequestHandler = (request, response, next) => {
  const requestId = chooseRequestId(request.get('x-request-id'))
  const context = { requestId }
  response.locals.context = context
  response.setHeader('X-Request-Id', requestId)
  const traceparent = traceparentHeader()
  if (traceparent) response.setHeader('traceparent', traceparent)
  requestContext.run(context, next)
}

export const requestIdOf = (request: Request): string =>
  request.res?.locals.context?.requestId ?? randomUUID()
