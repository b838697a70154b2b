import type { Request, Response } from 'express'
import { rateLimit } from 'express-rate-limit'
import { addressOf } from './address.ts'
import { rateLimited, type RateLimit } from './limit.ts'
import type { LimitStore } from './limit-store.ts'

/** Counts the requests of one route. Each throws 429 over the limit, and puts `RateLimit` and `RateLimit-Policy` into the answer. */
export interface RouteLimiter {
  /** The limits by address: to be asked first. */
  countAddress(request: Request, response: Response): Promise<void>
  /** The other limits, by user if there is one: to be asked when it is known who asks, or that nobody does. */
  countCaller(request: Request, response: Response, user?: string | number): Promise<void>
}

interface CountedLimit {
  limit: RateLimit
  /** What the keys of this count begin with. */
  scope: string
  store: LimitStore
}

export function createRouteLimiter(limits: readonly CountedLimit[]): RouteLimiter {
  const byAddress = limits.filter(({ limit }) => limit.by === 'address').map(createCount)
  const byCaller = limits.filter(({ limit }) => limit.by !== 'address').map(createCount)
  return { countAddress, countCaller }

  async function countAddress(request: Request, response: Response): Promise<void> {
    for (const count of byAddress) await count(request, response, addressOf(request))
  }

  async function countCaller(
    request: Request,
    response: Response,
    user?: string | number,
  ): Promise<void> {
    const caller = user === undefined ? addressOf(request) : `user:${user}`
    for (const count of byCaller) await count(request, response, caller)
  }
}

function createCount({ limit, scope, store }: CountedLimit) {
  const handle = rateLimit({
    limit: limit.max,
    windowMs: limit.windowMs,
    identifier: limit.name,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // It checks how it is used on each request; the tests do that once.
    validate: false,
    store,
    keyGenerator: (_request, response) => `${scope}${String(response.locals['limitedAs'])}`,
    handler: (request, _response, next) => {
      const { resetTime } = (request as Request & { rateLimit: { resetTime: Date } }).rateLimit
      const retryAfterSeconds = Math.max(1, Math.ceil((resetTime.getTime() - Date.now()) / 1_000))
      next(rateLimited({ retryAfterSeconds }))
    },
  })
  return (request: Request, response: Response, caller: string): Promise<void> => {
    response.locals['limitedAs'] = caller
    return new Promise((resolve, reject) => {
      void handle(request, response, (error?: unknown) => {
        if (error instanceof Error) reject(error)
        else resolve()
      })
    })
  }
}
