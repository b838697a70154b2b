import { defineError } from '../errors/index.ts'

/** How often something may happen. */
export interface RateLimit {
  /** Names the limit in the answer, and what is counted together: routes that share a limit share its count. */
  name: string
  max: number
  windowMs: number
  /** `address` counts before anybody is asked who they are. By user where one is known, otherwise by address, if absent. */
  by?: 'address'
}

/** What a route declares: its own limits, none (`false`), or the default. */
export type DeclaredLimit = false | RateLimit | readonly RateLimit[] | undefined

export const rateLimited = defineError({
  kind: 'rate_limited',
  code: 'request.rate_limited',
  title: 'Too many requests',
  detail: 'This was asked for too often in a short time.',
  help: 'Wait for the time that Retry-After gives. RateLimit-Policy tells how often is fine.',
})
