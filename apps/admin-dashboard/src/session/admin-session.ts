import type { Request, Response } from 'express'
import { clientOf, type AuthGateway, type UserDto } from '@ashlar/auth/contract'
import type { CoreConfig } from '@ashlar/core/config'
import { forbidden } from '@ashlar/core/http'
import { canUseDashboard } from '../dashboard.policy.ts'
import { createSessionCookie, sessionLifetimeMs } from './session.cookie.ts'

export interface AdminSessionDeps {
  config: Pick<CoreConfig, 'appEnv'>
  gateway: Pick<AuthGateway, 'startSession' | 'findSessionUser' | 'endSession'>
}

export type AdminSession = ReturnType<typeof createAdminSession>

/** Sessions are those of auth: what ends the sessions of a user ends this one too. */
export function createAdminSession({ config, gateway }: AdminSessionDeps) {
  const cookie = createSessionCookie(config)
  return { findAdmin, start, end }

  /**
   * The administrator who is logged in, if any. Session and user are read anew for each request:
   * an end, a role or a status counts at once. The session of a user who is no administrator any
   * more ends, with a refusal.
   */
  async function findAdmin(request: Request, response: Response): Promise<UserDto | null> {
    const secret = cookie.read(request)
    const user = secret === undefined ? null : await gateway.findSessionUser(secret)
    if (user === null) return null
    if (response.locals.context) response.locals.context.userId = user.id
    if (canUseDashboard(user)) return user
    await end(request, response)
    if (user.status === 'active')
      throw forbidden({ detail: 'The dashboard is for administrators.' })
    return null
  }

  /** Always under a new secret, so that one known before the log-in is worth nothing after it. */
  async function start(request: Request, response: Response, user: UserDto): Promise<void> {
    const client = clientOf(request)
    await forget(request)
    cookie.write(response, await gateway.startSession(user, { ttlMs: sessionLifetimeMs, client }))
  }

  async function end(request: Request, response: Response): Promise<void> {
    await forget(request)
    cookie.clear(response)
  }

  async function forget(request: Request): Promise<void> {
    const secret = cookie.read(request)
    if (secret !== undefined) await gateway.endSession(secret, clientOf(request))
  }
}
