import type { Request } from 'express'
import { sentBearer, type Guard } from '@ashlar/core/http'
import { requestContext } from '@ashlar/core/logging'
import type { AuthenticatedUser } from '../repositories/authenticated-user.ts'
import { inactiveUser, insufficientScope, invalidAccessToken } from '../auth.errors.ts'
import type { ApiKeyCheck } from '../services/api-key-check.ts'
import type { AccessCheck } from '../services/access-check.ts'
import { apiKeyOf, bearerTokenOf } from '../services/bearer-token.ts'

/** What the guards add to a handler's input. */
export interface Authenticated extends Caller {
  sessionId: string
}

/** Whoever asks, in person or by a machine. */
export interface Caller {
  user: AuthenticatedUser
}

export type AuthGuards = ReturnType<typeof createAuthGuards>

/** Without `apiKeys`, no route takes any. */
export function createAuthGuards(access: AccessCheck, apiKeys?: ApiKeyCheck) {
  const scopes = new Set<string>()

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

  return { currentUser, activeUser, activeUserOrKey, scopes: scopes as ReadonlySet<string> }

  /**
   * Like `activeUser`, and an API key of an active user will do if it has this scope: `<what>:<read or write>`.
   *
   * @example
   * const guard = guards.activeUserOrKey('stones:read')
   * routes.get('/', { summary: 'List stones', guard, list: stoneList, response: Stone }, ({ list }) => stones.findPage(list))
   */
  function activeUserOrKey(scope: string): Guard<Caller> {
    scopes.add(scope)
    if (!apiKeys) return activeUser
    return {
      name: `activeUser or an API key with ${scope}`,
      security: 'bearer',
      errors: [...activeUser.errors, insufficientScope],
      async authenticate(request) {
        const key = apiKeyOf(request)
        if (key === null) return activeUser.authenticate(request)
        const found = await apiKeys.find(key)
        if (!found) throw invalidAccessToken({ headers: challenge(request) })
        remember(found.user)
        if (!found.scopes.includes(scope)) throw insufficientScope({ headers: challengeFor(scope) })
        return { user: found.user }
      },
      identify,
    }
  }

  async function authenticate(request: Request): Promise<Authenticated> {
    const token = bearerTokenOf(request)
    const found = token === null ? null : await access.find(token)
    if (!found) throw invalidAccessToken({ headers: challenge(request) })
    remember(found.user)
    return found
  }
}

const identify = ({ user }: Caller): number => user.id

/** For the log lines of this request. */
function remember({ id }: AuthenticatedUser): void {
  const context = requestContext.current()
  if (context) context.userId = id
}

/** RFC 6750 §3: `error` only where a bearer token was sent. */
function challenge(request: Request): Record<string, string> {
  return { 'WWW-Authenticate': sentBearer(request) ? 'Bearer error="invalid_token"' : 'Bearer' }
}

/** RFC 6750 §3.1. */
const challengeFor = (scope: string): Record<string, string> => ({
  'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"`,
})
