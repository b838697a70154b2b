import type { Request, Response } from 'express'
import type { AuthGateway, UserDto } from '@ashlar/auth/contract'
import type { CoreConfig } from '@ashlar/core/config'
import { forbidden } from '@ashlar/core/http'
import type { RedisConnection } from '@ashlar/core/redis'
import { canUseDashboard } from '../dashboard.policy.ts'
import { createSessionCookie } from './session.cookie.ts'
import { createSessionStore } from './session.store.ts'

export interface AdminSessionDeps {
  config: Pick<CoreConfig, 'appEnv' | 'appName'>
  redis: Pick<RedisConnection, 'client'>
  gateway: Pick<AuthGateway, 'findUser'>
}

export type AdminSession = ReturnType<typeof createAdminSession>

export function createAdminSession({ config, redis, gateway }: AdminSessionDeps) {
  const sessions = createSessionStore({ config, redis })
  const cookie = createSessionCookie(config)
  return { findAdmin, start, end }

  /**
   * Who is logged in, if anybody. The user is read anew for each request: a role or status counts at once. The session of a user who is no
   * administrator any more ends, with a refusal; that of a user who is gone, not active or has another password ends without.
   */
  async function findAdmin(request: Request, response: Response): Promise<UserDto | null> {
    const id = cookie.read(request)
    const owner = id === undefined ? null : await sessions.find(id)
    if (owner === null) return null
    const { userId, passwordVersion } = owner
    const user = await gateway.findUser(userId)
    if (response.locals.context) response.locals.context.userId = userId
    const isCurrent = user?.passwordVersion === passwordVersion
    if (user && isCurrent && canUseDashboard(user)) return user
    await end(request, response)
    if (!isCurrent) return null
    if (user?.status === 'active')
      throw forbidden({ detail: 'The dashboard is for administrators.' })
    return null
  }

  /** Always under a new id, so that one known before the log-in is worth nothing after it. */
  async function start(
    request: Request,
    response: Response,
    { id: userId, passwordVersion }: UserDto,
  ): Promise<void> {
    await forget(request)
    cookie.write(response, await sessions.create({ userId, passwordVersion }))
  }

  async function end(request: Request, response: Response): Promise<void> {
    await forget(request)
    cookie.clear(response)
  }

  async function forget(request: Request): Promise<void> {
    const id = cookie.read(request)
    if (id !== undefined) await sessions.end(id)
  }
}
