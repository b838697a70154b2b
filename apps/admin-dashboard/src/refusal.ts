import type { ErrorRequestHandler, Request } from 'express'
import { statusOf } from '@ashlar/core/errors'
import { problemType, toAppError } from '@ashlar/core/http'
import { refusalPage } from './pages/refusal.page.ts'
import { sendPage } from './pages/send-page.ts'

/** Tells a person at a browser what a program is told as problem+json. Failures on our side are left to the problem writer, which logs them. */
export const answerWithPage =
  (appName: string): ErrorRequestHandler =>
  (thrown: unknown, request, response, next) => {
    const error = toAppError(thrown)
    const status = statusOf(error.kind)
    if (status >= 500 || response.headersSent || !wantsPage(request)) return next(thrown)
    response.locals.problem = error.code
    const { retryAfterSeconds } = error
    if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds))
    response.set(error.headers).vary('Accept')
    const { title } = error.definition
    sendPage(response, status, refusalPage({ appName, title, detail: error.message }))
  }

const wantsPage = (request: Request): boolean =>
  request.accepts([problemType, 'application/json', 'text/html']) === 'text/html'
