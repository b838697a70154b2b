import type { RequestHandler } from 'express'
import { AppError } from '../errors/index.ts'
import type { Route } from './contract.ts'
import { requestAborted } from './errors.ts'
import { problemsOf } from './openapi-responses.ts'

/** For tests: a refusal of which the API document does not tell is a defect. */
export function refusingAsDocumented(route: Route, handle: RequestHandler): RequestHandler {
  // Nobody is there to read the last one.
  const documented = new Set([...problemsOf(route), requestAborted].map(({ code }) => code))
  return async (request, response, next) => {
    try {
      await handle(request, response, next)
    } catch (error) {
      if (!(error instanceof AppError) || documented.has(error.code)) throw error
      const name = `${route.method.toUpperCase()} ${route.path}`
      throw new Error(`${name} refuses with ${error.code}, which its errors do not name.`, {
        cause: error,
      })
    }
  }
}
