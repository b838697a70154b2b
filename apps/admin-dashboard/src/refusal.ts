import type { ErrorRequestHandler, Request, Response } from 'express'
import { statusOf, type AppError } from '@ashlar/core/errors'
import {
  createOperatorLog,
  problemHeaders,
  problemType,
  toAppError,
  type Html,
} from '@ashlar/core/http'
import type { Logger } from '@ashlar/core/logging'
import { refusalPage } from './pages/refusal.page.ts'
import { sendPage } from './pages/send-page.ts'

export interface RefusalDeps {
  appName: string
  log: Logger
}

/** Tells a person at a browser what a program is told as problem+json. */
export function answerWithPage({ appName, log }: RefusalDeps): ErrorRequestHandler {
  const tellOperators = createOperatorLog(log)
  return (thrown: unknown, request, response, next) => {
    if (response.headersSent) return next(thrown)
    response.vary('Accept')
    if (!wantsPage(request)) return next(thrown)
    const error = toAppError(thrown)
    tellOperators(error)
    const { title } = error.definition
    const retryAfter = problemHeaders(error)['Retry-After']
    const page = refusalPage({ appName, title, detail: error.message, retryAfter })
    sendRefusal(request, response, error, page)
  }
}

/** A page under the status and the header fields that a problem would have. */
export function sendRefusal(
  request: Request,
  response: Response,
  error: AppError,
  page: Html,
): void {
  response.locals.problem = error.code
  response.set(problemHeaders(error, request))
  sendPage(response, statusOf(error.kind), page)
}

export const wantsPage = (request: Request): boolean =>
  request.accepts([problemType, 'application/json', 'text/html']) === 'text/html'
