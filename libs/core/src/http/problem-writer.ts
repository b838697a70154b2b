import type { ErrorRequestHandler, Request, Response } from 'express'
import { statusOf, type AppError } from '../errors/index.ts'
import type { Logger } from '../logging/index.ts'
import { problemHeaders, problemOf, problemType, send, toAppError } from './problem.ts'
import { requestIdOf } from './request-id.ts'
import { pathOf } from './request-target.ts'

export interface ProblemWriterDeps {
  problemBaseUrl: string
  log: Logger
}

/** The one place that answers a failure. Goes last into an Express app. */
export function createProblemWriter({
  problemBaseUrl,
  log,
}: ProblemWriterDeps): ErrorRequestHandler {
  // Express tells error handlers by their four parameters.
  return (thrown: unknown, request, response, _next) => {
    const error = toAppError(thrown)
    tellOperators(log, error)
    if (response.headersSent) response.destroy()
    else tellCaller(error, request, response)
  }

  function tellCaller(error: AppError, request: Request, response: Response): void {
    const requestId = requestIdOf(request)
    const problem = problemOf(error, { problemBaseUrl, requestId, instance: pathOf(request) })
    response.locals.problem = error.code
    response.set(problemHeaders(error, request))
    send(response, problem.status, problemType, JSON.stringify(problem))
  }
}

/** Logs a failure that is ours. What a caller did wrong is the caller's to know. */
export function tellOperators(log: Logger, error: AppError): void {
  const { kind, code, cause, message } = error
  if (statusOf(kind) < 500) return
  // Said on purpose, and to everybody at once.
  if (kind === 'unavailable' && cause === undefined) return log.warn({ problem: code }, message)
  log.error({ err: kind === 'internal' ? (cause ?? error) : error, problem: code }, message)
}
