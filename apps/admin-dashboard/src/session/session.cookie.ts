import type { CookieOptions, Request, Response } from 'express'
import type { CoreConfig } from '@ashlar/core/config'

/**
 * Counted from the log-in, however much the session is used, so that a forgotten tab does not stay
 * signed in for days.
 */
export const sessionLifetimeMs = 12 * 3_600_000

/** Locally there is no TLS, without which browsers keep no `__Host-` cookie. */
export function createSessionCookie({ appEnv }: Pick<CoreConfig, 'appEnv'>) {
  const secure = appEnv !== 'local'
  const name = secure ? '__Host-ashlar-admin' : 'ashlar-admin'
  const options: CookieOptions = { httpOnly: true, sameSite: 'strict', secure, path: '/' }
  return { read, write, clear }

  function read(request: Request): string | undefined {
    const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim())
    return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
  }

  function write(response: Response, secret: string): void {
    response.cookie(name, secret, { ...options, maxAge: sessionLifetimeMs })
  }

  function clear(response: Response): void {
    response.clearCookie(name, options)
  }
}
