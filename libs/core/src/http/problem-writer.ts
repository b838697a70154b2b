import type { ErrorRequestHandler, Request, Response } from 'express'
import type { AppError } from '../errors/index.ts'
import type { Logger } from '../logging/index.ts'
import { createOperatorLog } from './operator-log.ts'
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
  const tellOperators = createOperatorLog(log)
  // Express tells error handlers by their four parameters.
  return (thrown: unknown, request, response, _next) => {
    const error = toAppError(thrown)
    tellOperators(error)
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
