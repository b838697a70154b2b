import type { RequestHandler, Response } from 'express'
import type { z } from 'zod'
import type { Route } from './contract.ts'
import { forbidden } from './errors.ts'
import { parseInput } from './parse-input.ts'
import { send } from './problem.ts'

/** Runs one declared route: who asks (401), may they (403), does the request fit (400, 415, 422), the handler, the allow-list. */
export function createRouteHandler(route: Route): RequestHandler {
  const { contract, base } = route
  const status = contract.status ?? (contract.response ? 200 : 204)
  return async (request, response) => {
    const caller = { ...(await contract.guard?.authenticate(request)), request }
    if (contract.policy && !(await contract.policy(caller as never))) throw forbidden()
    const input = { ...caller, ...(await parseInput(request, contract)) }
    const result = await route.handle(input as never)
    describeAnswer(response, result)
    if (contract.response) send(response, status, 'application/json', serialize(result))
    else response.status(status).end()
  }

  function describeAnswer(response: Response, result: unknown): void {
    if (contract.noStore) response.set('Cache-Control', 'no-store')
    else if (contract.guard) response.set('Cache-Control', 'private, no-cache')
    if (contract.location) response.set('Location', base + contract.location(result as never))
  }

  function serialize(result: unknown): string {
    const answer = contract.response!.safeParse(result)
    if (!answer.success) throw misfit(answer.error)
    return JSON.stringify(contract.envelope === false ? answer.data : { data: answer.data })
  }

  /** A defect of the handler. Tells where, and never the value. */
  function misfit(error: z.ZodError): Error {
    const places = error.issues.map(({ path, code }) => `/${path.map(String).join('/')} ${code}`)
    return new Error(
      `${route.method.toUpperCase()} ${route.path} answered what its response schema refuses: ${places.join(', ')}`,
    )
  }
}
