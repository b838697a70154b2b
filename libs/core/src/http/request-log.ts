import type { Request, RequestHandler, Response } from 'express'
import { pinoHttp } from 'pino-http'
import type { Logger } from '../logging/index.ts'
import { requestIdOf } from './request-id.ts'
import { pathOf } from './request-target.ts'

/** One line for each request, but for health checks. No header, no body, no query. */
export function logRequests(log: Logger): RequestHandler {
  return pinoHttp<Request, Response>({
    logger: withoutChildren(log),
    genReqId: requestIdOf,
    quietResLogger: true,
    serializers: { req: () => undefined, res: () => undefined },
    autoLogging: { ignore: (request) => pathOf(request).startsWith('/health/') },
    // A 503 is no defect; the outage behind it has lines of its own.
    customLogLevel: (_request, { statusCode }) =>
      statusCode >= 500 && statusCode !== 503 ? 'error' : 'info',
    customSuccessObject: (request, response, { durationMs }: Timed) =>
      describe(request, response, durationMs),
    // The failure itself is logged once, by the problem writer.
    customErrorObject: (request, response, _error, { durationMs }: Timed) =>
      describe(request, response, durationMs),
    customAttributeKeys: { responseTime: 'durationMs' },
    customSuccessMessage: message,
    customErrorMessage: message,
  })
}

/** pino-http makes a logger of its own for each request, bound to the request. The context at hand does that for every line. */
function withoutChildren(log: Logger): Logger {
  const logger = Object.create(log) as Logger
  return Object.assign(logger, { child: () => logger })
}

interface Timed {
  durationMs: number
}

/** The template of the route that answered; undefined where none did. */
export const routeOf = (request: Request): string | undefined => {
  const route = request.route as { path: string } | undefined
  return route?.path
}

/** What was answered; 499 where the client was gone before it was. No standard has a status for that; this one is nginx's. */
export const statusSent = (response: Response): number =>
  response.headersSent ? response.statusCode : 499

function describe(request: Request, response: Response, durationMs: number) {
  return {
    ...response.locals.context,
    method: request.method,
    route: routeOf(request),
    path: pathOf(request),
    status: statusSent(response),
    durationMs,
    problem: response.locals.problem,
  }
}

const message = (_request: Request, response: Response): string =>
  response.writableFinished ? 'request answered' : 'request aborted'
