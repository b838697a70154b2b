import type { Request, Response } from 'express'
import type { RouteLimiter } from '../rate-limit/index.ts'
import type { Guard } from './guard.ts'

/**
 * Finds out who asks and counts the request: for the user where there is one, otherwise for the address. A refused log-in counts for the
 * address, so that nobody tries tokens without end, and never for others behind it who are known.
 */
export async function admit(
  guard: Guard<object> | undefined,
  limiter: RouteLimiter | undefined,
  request: Request,
  response: Response,
): Promise<object> {
  await limiter?.countAddress(request, response)
  const caller = await authenticate()
  await limiter?.countCaller(request, response, guard?.identify(caller))
  return caller

  async function authenticate(): Promise<object> {
    if (!guard) return {}
    try {
      return await guard.authenticate(request)
    } catch (error) {
      await limiter?.countCaller(request, response)
      throw error
    }
  }
}
