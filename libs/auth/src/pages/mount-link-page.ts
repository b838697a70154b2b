import type { ErrorRequestHandler, Express, Request, Response } from 'express'
import type { z } from 'zod'
import { statusOf, type AppError } from '@ashlar/core/errors'
import {
  checkForm,
  createOperatorLog,
  forbidden,
  mountPath,
  pathOf,
  problemHeaders,
  readForm,
  readQuery,
  toAppError,
  type Html,
} from '@ashlar/core/http'
import type { Logger } from '@ashlar/core/logging'
import type { RateLimit, RateLimits } from '@ashlar/core/rate-limit'
import type { Client } from '../repositories/client.ts'
import { clientOf } from '../routes/client.ts'
import { GivenToken } from '../schemas/auth.schema.ts'
import { tokenPointer, type LinkFormProps } from './link-form.ts'
import { messagePage, refusalPage, type Message } from './message.page.ts'
import { isForeign } from './own-origin.ts'
import { keepPrivate, sendPage, wantsProblem } from './send-page.ts'

export interface LinkPageDeps {
  appName: string
  appUrl: string
  rateLimits: Pick<RateLimits, 'forRoute'>
  log: Logger
}

export interface LinkPage<Body extends z.ZodType> {
  path: string
  /** The limit of the route that does the same, with a shared count: no second door to guess at. */
  limit: RateLimit
  body: Body
  form: (props: LinkFormProps) => Html
  /** Runs with the checked fields of the form. */
  act: (body: z.output<Body>, client: Client) => Promise<void>
  done: Message
}

/**
 * Serves the page behind a link of a mail. `GET` changes nothing, because scanners of mails open
 * links: only the form does. A failure is a page as well, unless the client prefers JSON.
 */
export function mountLinkPage<Body extends z.ZodType>(
  app: Express,
  { path, limit, body, form, act, done }: LinkPage<Body>,
  { appName, appUrl, rateLimits, log }: LinkPageDeps,
): void {
  const limiter = rateLimits.forRoute(path, limit)
  const tellOperators = createOperatorLog(log)
  const answerWithPage: ErrorRequestHandler = (thrown, request, response, next) => {
    if (response.headersSent || pathOf(request) !== path) return next(thrown)
    keepPrivate(response)
    response.vary('Accept')
    if (wantsProblem(request)) return next(thrown)
    const error = toAppError(thrown)
    tellOperators(error)
    sendRefusal(request, response, error)
  }
  mountPath(app, path, { get: show, post: submit })
  app.use(path, answerWithPage)

  /** Other parameters are ignored: services that send mails add some to count clicks. */
  async function show(request: Request, response: Response): Promise<void> {
    await limiter?.countAddress(request, response)
    const { token = '' } = readQuery(request)
    sendPage(response, 200, formWith(token, isToken(token) ? [] : [noToken]))
  }

  async function submit(request: Request, response: Response): Promise<void> {
    await limiter?.countAddress(request, response)
    if (isForeign(request, appUrl)) throw forbidden({ detail: foreign })
    const fields = await readForm(request)
    response.locals['token'] = fields['token']
    await act(checkForm(body, fields), clientOf(request))
    sendPage(response, 200, messagePage(appName, done))
  }

  function sendRefusal(request: Request, response: Response, error: AppError): void {
    const headers = problemHeaders(error, request)
    const token = String(response.locals['token'] ?? '')
    response.locals.problem = error.code
    response.set(headers)
    sendPage(response, statusOf(error.kind), pageOf(error, token, headers['Retry-After']))
  }

  function pageOf(error: AppError, token: string, retryAfter: string | undefined): Html {
    if (error.kind === 'invalid') return formWith(token, error.errors ?? [])
    return refusalPage(appName, error, retryAfter)
  }

  function formWith(token: string, faults: LinkFormProps['faults']): Html {
    return form({ appName, token: isToken(token) ? token : '', faults })
  }
}

const isToken = (text: string): boolean => GivenToken.safeParse(text).success

const foreign = 'The form was sent by a page of another site, or by a browser that hides which.'

const noToken = { pointer: tokenPointer, code: 'invalid_value', detail: 'Must be a token' }
