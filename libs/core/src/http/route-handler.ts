import type { RequestHandler } from 'express'
import type { Cache } from '../cache/index.ts'
import type { IdempotencyKeys, Once } from '../idempotency/index.ts'
import { createOutageLog, type Logger } from '../logging/index.ts'
import type { RateLimits } from '../rate-limit/index.ts'
import { admit } from './admit.ts'
import { sendAnswer, type Answer } from './answer.ts'
import { createAnswerCache } from './answer-cache.ts'
import { callerOf } from './caller.ts'
import type { Route } from './contract.ts'
import { forbidden } from './errors.ts'
import { headerFieldsOf } from './header-fields.ts'
import { runOnce, undeclaredOnce } from './idempotency/idempotent.ts'
import { listOf } from './list-route.ts'
import { parseInput } from './parse-input.ts'
import { readPrecondition } from './precondition.ts'
import { createPresenter } from './presenter.ts'
import { refuseMisfits } from './refuse-misfits.ts'

export interface RouteHandlerDeps {
  log: Logger
  /** Whether every answer is parsed by its schema as well, and every refusal must be declared, as tests want it. */
  strict: boolean
  /** Counts requests; without it none is limited. */
  rateLimits?: RateLimits | undefined
  /** Where the answers of cached routes are kept. */
  cache?: Cache | undefined
  /** Where the keys of idempotent routes are kept. */
  idempotencyKeys?: IdempotencyKeys | undefined
}

/** Runs one declared route: too often (429), who asks (401), may they (403), does the request fit (400, 415, 422), the handler, the allow-list. */
export function createRouteHandler(route: Route, deps: RouteHandlerDeps): RequestHandler {
  refuseMisfits(route)
  const { contract } = route
  const name = `${route.method.toUpperCase()} ${route.path}`
  const accepted = { ...contract, headers: headerFieldsOf(contract) }
  const present = createPresenter(route, deps)
  const limiter = deps.rateLimits?.forRoute(name, contract.limit)
  const keys = contract.idempotent ? keysFor(route, deps) : undefined
  const unsettled = createOutageLog(deps.log, 'settling an idempotency key')
  const recall = contract.cache ? createAnswerCache(route, deps.cache) : undefined
  return async (request, response) => {
    const caller = { ...(await admit(contract.guard, limiter, request, response)), request }
    if (contract.policy && !(await contract.policy(caller as never))) throw forbidden()
    const precondition = readPrecondition(request, contract.ifMatch)
    const input = await parseInput(request, accepted, listOf(contract, caller))
    const whose = () => callerOf(contract, caller, request)
    const call = { request, route: name, input, context: caller, caller: whose, present: toAnswer }
    sendAnswer(request, response, await answer())

    function answer(): Promise<Answer> {
      if (keys) return runOnce({ ...deps, keys, unsettled }, call, handle)
      return recall ? recall(call, work) : work()
    }

    async function work(): Promise<Answer> {
      return toAnswer(await handle(undeclaredOnce))
    }

    async function handle(once: Once<unknown>): Promise<unknown> {
      return route.handle({ ...caller, precondition, once, ...input } as never)
    }

    function toAnswer(result: unknown): Answer {
      return present(result, request)
    }
  }
}

/** Throws where an answer could not be kept, or must not be. */
function keysFor({ method, path, contract }: Route, { idempotencyKeys }: RouteHandlerDeps) {
  const fault = (reason: string) => new Error(`${method.toUpperCase()} ${path} ${reason}`)
  if (method !== 'post') throw fault('is idempotent, which only POST can be')
  if (contract.noStore) throw fault('answers what must not be stored, and cannot be idempotent')
  if (!idempotencyKeys) throw fault('is idempotent, and the app has no database')
  return idempotencyKeys
}
