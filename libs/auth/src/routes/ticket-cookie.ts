import type { CookieOptions, Request } from 'express'
import { ticketTtlMs } from '../services/flow-ticket.ts'

/** The cookie that binds a sign-in to the browser that began it, one for each provider. */
export interface TicketCookie {
  set(request: Request, ticket: string): void
  /** What the browser brought, which is then gone from it. */
  take(request: Request): string | undefined
}

export function createTicketCookie(callbackUrl: string, provider: string): TicketCookie {
  const { protocol, pathname } = new URL(callbackUrl)
  const name = `sign_in_${provider}`
  // Lax and not Strict: the browser comes back from another site.
  const options: CookieOptions = {
    path: pathname,
    httpOnly: true,
    sameSite: 'lax',
    secure: protocol === 'https:',
  }
  return { set, take }

  function set({ res: response }: Request, ticket: string): void {
    response?.cookie(name, ticket, { ...options, maxAge: ticketTtlMs })
  }

  function take({ res: response, headers }: Request): string | undefined {
    response?.clearCookie(name, options)
    const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim())
    return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
  }
}
