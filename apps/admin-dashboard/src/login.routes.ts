import type { Express, Request, Response } from 'express'
import { z } from 'zod'
import { authLimits, clientOf, type AuthGateway } from '@ashlar/auth/contract'
import { AppError, type ErrorKind } from '@ashlar/core/errors'
import { forbidden, mountPath, parseInput } from '@ashlar/core/http'
import type { Logger } from '@ashlar/core/logging'
import type { RateLimits } from '@ashlar/core/rate-limit'
import { boundedText } from '@ashlar/core/schema'
import { canUseDashboard } from './dashboard.policy.ts'
import { loginPage } from './pages/login.page.ts'
import { sendPage } from './pages/send-page.ts'
import { sendRefusal, wantsPage } from './refusal.ts'
import type { AdminSession } from './session/admin-session.ts'

/** Answers after which the form asks for the code of the second factor as well. */
const codeProblems = ['auth.second_factor_needed', 'auth.invalid_second_factor']

/** What the form is shown again for. */
const refusals: readonly ErrorKind[] = ['invalid', 'unauthenticated', 'forbidden']

const forAdministrators = 'This account may not use the dashboard: it is for administrators.'

export interface LoginDeps {
  appName: string
  gateway: Pick<AuthGateway, 'verifyCredentials'>
  session: AdminSession
  rateLimits: RateLimits
  log: Logger
}

/**
 * A browser sends the field for the code empty where nothing was typed. The gateway checks the
 * other two, and answers alike for a text that no account can have.
 */
const Credentials = z.strictObject({
  email: z.string().min(1),
  password: z.string().min(1),
  code: boundedText()
    .transform((text) => text.trim() || undefined)
    .optional(),
})

const form = { summary: 'Log in', body: { form: Credentials } }

/** The form at `/login`, and `/logout`. */
export function mountLogin(app: Express, deps: LoginDeps): void {
  const { appName, gateway, session, rateLimits, log } = deps
  // The count of the api's own log-in: whoever guesses has no second door.
  const limiter = rateLimits.forRoute('POST /login', authLimits.login)
  mountPath(app, '/login', { get: showForm, post: tryLogIn })
  mountPath(app, '/logout', { post: logOut })

  async function showForm(request: Request, response: Response): Promise<void> {
    if (await session.findAdmin(request, response)) response.redirect(303, '/queues')
    else sendPage(response, 200, loginPage({ appName }))
  }

  /** A person gets the form again, with what is wrong; a program gets the problem. */
  async function tryLogIn(request: Request, response: Response): Promise<void> {
    try {
      await logIn(request, response)
    } catch (error) {
      if (!(error instanceof AppError && refusals.includes(error.kind))) throw error
      log.warn({ reason: error.code }, 'a log-in to the dashboard failed')
      if (!wantsPage(request)) throw error
      const fault = error.kind === 'invalid' ? 'Fill in e-mail and password.' : error.message
      const asksForCode = codeProblems.includes(error.code)
      sendRefusal(request, response, error, loginPage({ appName, fault, asksForCode }))
    }
  }

  async function logIn(request: Request, response: Response): Promise<void> {
    await limiter?.countAddress(request, response)
    const { body } = await parseInput(request, form)
    const credentials = body as z.output<typeof Credentials>
    const user = await gateway.verifyCredentials(credentials, clientOf(request))
    if (response.locals.context) response.locals.context.userId = user.id
    if (!canUseDashboard(user)) throw forbidden({ detail: forAdministrators })
    await session.start(request, response, user)
    log.info('logged in to the dashboard')
    response.redirect(303, '/queues')
  }

  async function logOut(request: Request, response: Response): Promise<void> {
    await session.end(request, response)
    response.redirect(303, '/login')
  }
}
