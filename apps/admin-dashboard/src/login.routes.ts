import type { Express, Request, Response } from 'express'
import { z } from 'zod'
import { authLimits, type AuthGateway, type UserDto } from '@ashlar/auth/contract'
import { AppError } from '@ashlar/core/errors'
import { mountPath, parseBody } from '@ashlar/core/http'
import type { Logger } from '@ashlar/core/logging'
import type { RateLimits } from '@ashlar/core/rate-limit'
import { canUseDashboard } from './dashboard.policy.ts'
import { loginPage } from './pages/login.page.ts'
import { sendPage } from './pages/send-page.ts'
import type { AdminSession } from './session/admin-session.ts'

/** Answers after which the form asks for the code of the second factor as well. */
const codeProblems = ['auth.second_factor_needed', 'auth.invalid_second_factor']

/** Why somebody is not let in: a code, and a sentence for the page. */
type Refusal = Pick<AppError, 'code' | 'message'>

const incomplete: Refusal = { code: 'incomplete', message: 'Fill in e-mail and password.' }

export interface LoginDeps {
  appName: string
  gateway: Pick<AuthGateway, 'verifyCredentials'>
  session: AdminSession
  rateLimits: RateLimits
  log: Logger
}

/** A browser sends the field for the code empty where nothing was typed. */
const Credentials = z.object({
  email: z.string(),
  password: z.string(),
  code: z
    .string()
    .transform((text) => text.trim() || undefined)
    .optional(),
})

/** The form at `/login`, and `/logout`. */
export function mountLogin(app: Express, deps: LoginDeps): void {
  const { appName, gateway, session, rateLimits, log } = deps
  // The count of the api's own log-in: whoever guesses has no second door.
  const limiter = rateLimits.forRoute('POST /login', authLimits.login)
  mountPath(app, '/login', { get: showForm, post: logIn })
  mountPath(app, '/logout', { post: logOut })

  async function showForm(request: Request, response: Response): Promise<void> {
    if (await session.findAdmin(request, response)) response.redirect(303, '/queues')
    else sendPage(response, 200, loginPage({ appName }))
  }

  async function logIn(request: Request, response: Response): Promise<void> {
    await limiter?.countAddress(request, response)
    const user = await findUser(request)
    if ('message' in user) {
      log.warn({ reason: user.code }, 'a log-in to the dashboard failed')
      // RFC 9110 §15.5.2 asks for a challenge with every 401; browsers pass over this one.
      response.set('WWW-Authenticate', 'Bearer')
      const asksForCode = codeProblems.includes(user.code)
      return sendPage(response, 401, loginPage({ appName, fault: user.message, asksForCode }))
    }
    if (!canUseDashboard(user)) {
      log.warn({ userId: user.id }, 'a user without the role tried to log in to the dashboard')
      const fault = 'This account may not use the dashboard: it is for administrators.'
      return sendPage(response, 403, loginPage({ appName, fault }))
    }
    await session.start(request, response, user)
    log.info({ userId: user.id }, 'logged in to the dashboard')
    response.redirect(303, '/queues')
  }

  async function findUser(request: Request): Promise<UserDto | Refusal> {
    const body = await parseBody(request, { form: Credentials })
    const credentials = Credentials.safeParse(body?.value)
    if (!credentials.success) return incomplete
    return gateway
      .verifyCredentials({ ...credentials.data, address: request.ip })
      .catch((error: unknown) => {
        if (error instanceof AppError && error.kind === 'unauthenticated') return error
        throw error
      })
  }

  async function logOut(request: Request, response: Response): Promise<void> {
    await session.end(request, response)
    response.redirect(303, '/login')
  }
}
