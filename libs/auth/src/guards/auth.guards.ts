import type { Request } from 'express'
import { Passport } from 'passport'
import type { Strategy } from 'passport'
import type { Guard } from '@ashlar/core/http'
import { requestContext } from '@ashlar/core/logging'
import type { AuthenticatedUser } from '../repositories/live-session.repository.ts'
import { inactiveUser, invalidAccessToken } from '../auth.errors.ts'

/** What the guards add to a handler's input. */
export interface Authenticated {
  user: AuthenticatedUser
  sessionId: string
}

export type AuthGuards = ReturnType<typeof createAuthGuards>

export function createAuthGuards(strategy: Strategy) {
  const passport = new Passport()
  passport.use('access-token', strategy)

  /** Any valid access token of a live session. */
  const currentUser: Guard<Authenticated> = {
    name: 'currentUser',
    security: 'bearer',
    errors: [invalidAccessToken],
    authenticate,
    identify,
  }

  /** Like `currentUser`, and the account must be active. */
  const activeUser: Guard<Authenticated> = {
    name: 'activeUser',
    security: 'bearer',
    errors: [invalidAccessToken, inactiveUser],
    async authenticate(request) {
      const caller = await authenticate(request)
      if (caller.user.status !== 'active') throw inactiveUser()
      return caller
    },
    identify,
  }

  return { currentUser, activeUser }

  function authenticate(request: Request): Promise<Authenticated> {
    return new Promise((resolve, reject) => {
      const decide = (error: unknown, caller: Authenticated | false | undefined) => {
        if (error)
          return reject(error instanceof Error ? error : invalidAccessToken({ cause: error }))
        if (!caller) return reject(invalidAccessToken({ headers: challenge(request) }))
        const context = requestContext.current()
        if (context) context.userId = caller.user.id
        resolve(caller)
      }
      const middleware = passport.authenticate('access-token', { session: false }, decide) as (
        request: Request,
        response: object,
        next: (error: unknown) => void,
      ) => void
      middleware(request, {}, reject)
    })
  }
}

const identify = ({ user }: Authenticated): number => user.id

/** RFC 6750 §3: `error` only where a bearer token was sent. */
function challenge(request: Request): Record<string, string> {
  const sent = /^bearer\s/i.test(request.headers.authorization ?? '')
  return { 'WWW-Authenticate': sent ? 'Bearer error="invalid_token"' : 'Bearer' }
}
