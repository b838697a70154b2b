import type { Request } from 'express'
import type { Strategy, VerifyFunction } from 'openid-client/passport'
import { AppError } from '@ashlar/core/errors'
import { providerUnavailable, signInDenied, signInFailed } from '../auth.errors.ts'
import type { Flow } from './provider.ts'

/** Key under which a strategy of ours keeps its flow. */
export const sessionKey = 'flow'

type Tokens = Parameters<VerifyFunction>[0]

/** Hands the tokens through: what they mean is the provider's matter. */
export const passTokens: VerifyFunction = (tokens, verified) => {
  verified(null, tokens)
}

/**
 * Runs one step of a passport strategy as passport's own middleware does, with a session that is not kept on the server: it is what the
 * browser brings, and what it is given to keep.
 */
export async function startFlow(strategy: Strategy): Promise<{ location: string; flow: Flow }> {
  const session: Session = {}
  const location = await step<string>(strategy, session, { isStart: true, search: '' })
  const flow = session[sessionKey]
  if (!flow) throw new Error('The strategy kept nothing of the sign-in that it began.')
  return { location, flow }
}

export function finishFlow(
  strategy: Strategy,
  flow: Flow,
  callback: URLSearchParams,
): Promise<Tokens> {
  return step<Tokens>(
    strategy,
    { [sessionKey]: flow },
    { isStart: false, search: `?${callback.toString()}` },
  )
}

interface Session {
  [sessionKey]?: Flow
}

function step<Result>(
  strategy: Strategy,
  session: Session,
  { isStart, search }: { isStart: boolean; search: string },
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const done = resolve as (result: unknown) => void
    const attempt = Object.assign(Object.create(strategy) as Strategy, {
      // By itself it would begin anew when a callback has neither code nor error.
      shouldInitiateAuthRequest: () => isStart,
      // The own address is a matter of configuration, not of the header Host.
      currentUrl: () => new URL(`http://callback.invalid/${search}`),
      redirect: done,
      success: done,
      pass: () => reject(signInFailed()),
      fail: () => reject(signInDenied()),
      error: (error: unknown) => reject(toProblem(error)),
    })
    attempt.authenticate({ method: 'GET', session } as unknown as Request, {})
  })
}

/** Our own problem from within, or one that tells operators what did not fit, without the tokens and codes that hang on such errors. */
function toProblem(error: unknown): AppError {
  const reasons: string[] = []
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof AppError) return each
    reasons.push(`${each.name}: ${each.message}`)
  }
  const cause = new Error(reasons.join(' ← '))
  return isFaultOfProvider(error)
    ? providerUnavailable({ cause, retryAfterSeconds: 30 })
    : signInFailed({ cause })
}

const isFaultOfProvider = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && faultsOfProvider.has(String(error.code))

/** Codes of openid-client for answers that are none. */
const faultsOfProvider = new Set([
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_PARSE_ERROR',
  'OAUTH_TIMEOUT',
])
