import type { Request } from 'express'
import type { ErrorFactory } from '../errors/index.ts'

/**
 * Finds out who sends a request, before anything else of the request is read. What it resolves to becomes part of the handler's input.
 *
 * @example
 * const partner: Guard<{ partner: string }> = {
 *   name: 'partner',
 *   security: 'bearer',
 *   errors: [unauthenticated],
 *   authenticate: async (request) => ({ partner: await partnerOf(request.get('authorization')) }),
 *   identify: ({ partner }) => partner,
 * }
 */
export interface Guard<Context extends object> {
  name: string
  /** How the caller proves who it is, as the API document names it. */
  security: 'bearer'
  /** What `authenticate` may throw. */
  errors: readonly ErrorFactory[]
  authenticate(request: Request): Promise<Context>
  /** Whom limits, kept answers and idempotency keys count for: another for each caller. */
  identify(context: Context): string | number
}
