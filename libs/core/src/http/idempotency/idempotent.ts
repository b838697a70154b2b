import { setTimeout as sleep } from 'node:timers/promises'
import type { Request } from 'express'
import { isUnavailable } from '../../errors/index.ts'
import type { Logger, OutageLog } from '../../logging/index.ts'
import {
  createOnce,
  notOnce,
  type HeldKey,
  type IdempotencyKeys,
  type Once,
} from '../../idempotency/index.ts'
import type { Answer } from '../answer.ts'
import { idempotencyInFlight, validationFailed } from '../errors.ts'
import { digestCall, type DigestedCall } from './fingerprint.ts'

export interface IdempotentDeps {
  keys: IdempotencyKeys
  log: Logger
  /** Told while the database does not take what settles keys. */
  unsettled: OutageLog
}

/** Before each further try to free a key: what broke the request is often over soon. */
const releasePausesMs = [1_000, 5_000]

const longestReleaseMs = 500

/** One request of an idempotent route. */
export interface KeyedCall extends DigestedCall {
  request: Request
  /** Makes the answer out of what the handler returns. */
  present: (result: unknown) => Answer
}

/**
 * Runs `handle` once for each `Idempotency-Key` and repeats its answer. What fails is not kept, so that a repeat tries again. Without a key,
 * runs it.
 */
export async function runOnce(
  { keys, log, unsettled }: IdempotentDeps,
  call: KeyedCall,
  handle: (once: Once<unknown>) => Promise<unknown>,
): Promise<Answer> {
  const key = call.request.get('idempotency-key')
  if (key === undefined) return call.present(await handle(notOnce))
  const claim = await keys.claim(await digestCall(key, call))
  if (claim.state === 'in flight') throw inFlight()
  if (claim.state === 'other request') throw otherRequest()
  if (claim.state === 'answered') return replay(claim.answer)
  return settle(claim.key)

  async function settle(key: HeldKey): Promise<Answer> {
    const answer = await attempt(key).catch(async (error: unknown) => {
      // A frozen database, and a commit that is still under way, would hold up the answer.
      await Promise.race([release(key), sleep(longestReleaseMs)])
      throw error
    })
    // The work is done: the caller gets its answer, kept or not.
    await keys.keep(key, answer).then(unsettled.recovered, tellOperators)
    return answer
  }

  /** What cannot be freed now is tried again, for which neither the caller nor a stopping process waits. */
  async function release(key: HeldKey, [pauseMs, ...later] = releasePausesMs): Promise<void> {
    await keys.release(key).catch((error: unknown) => {
      if (pauseMs === undefined) tellOperators(error)
      else void sleep(pauseMs, undefined, { ref: false }).then(() => release(key, later))
    })
  }

  async function attempt(key: HeldKey): Promise<Answer> {
    const once = createOnce(async (result, write) => {
      if (!(await write(key, call.present(result)))) throw inFlight()
    })
    return call.present(await handle(once))
  }

  function tellOperators(error: unknown): void {
    if (isUnavailable(error)) unsettled.failed(error)
    else log.warn({ err: error }, 'an idempotency key could not be settled and is free in a minute')
  }
}

/** Of a route that is not idempotent. */
export const undeclaredOnce: Once<unknown> = createOnce(() => {
  throw new Error('A handler keeps the answer of a route that is not idempotent')
})

const replay = (answer: Answer): Answer => ({
  ...answer,
  headers: { ...answer.headers, 'Idempotency-Replayed': 'true' },
})

const inFlight = () => idempotencyInFlight({ retryAfterSeconds: 1 })

const otherRequest = () =>
  validationFailed({
    errors: [
      {
        pointer: '/headers/idempotency-key',
        code: 'reused',
        detail: 'Was used for another request.',
      },
    ],
  })
