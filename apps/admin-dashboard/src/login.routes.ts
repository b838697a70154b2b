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

export interface LoginDeps {
  appName: string
  gateway: Pick<AuthGateway, 'verifyCredentials'>
  session: AdminSession
  rateLimits: RateLimits
  log: Logger
}

const Credentials = z.object({ email: z.string(), password: z.string() })

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
    if (!user) {
      log.warn('a log-in to the dashboard failed')
      // RFC 9110 §15.5.2 asks for a challenge with every 401; browsers pass over this one.
      response.set('WWW-Authenticate', 'Bearer')
      const fault = 'E-mail and password do not match an active account.'
      return sendPage(response, 401, loginPage({ appName, fault }))
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

  /** A form that breaks its rules is a wrong password. */
  async function findUser(request: Request): Promise<UserDto | undefined> {
    const body = await parseBody(request, { form: Credentials })
    const credentials = Credentials.safeParse(body?.value)
    if (!credentials.success) return undefined
    return gateway
      .verifyCredentials({ ...credentials.data, address: request.ip })
      .catch((error: unknown) => {
        if (error instanceof AppError && error.kind === 'unauthenticated') return undefined
        throw error
      })
  }

  async function logOut(request: Request, response: Response): Promise<void> {
    await session.end(request, response)
    response.redirect(303, '/login')
  }
}
