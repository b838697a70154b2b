import { createHash } from 'node:crypto'
import type { AppError } from '../errors/index.ts'
import { rateLimited, type RateLimit } from './limit.ts'
import type { LimitStore } from './limit-store.ts'

/** How far a key is. */
export interface LimitState {
  used: number
  remaining: number
  /** Until it is free again. */
  resetMs: number
}

/** A limit that a service asks, by a key of its own choice. Keys are stored as digests. */
export interface Limiter {
  /** Counts, and throws 429 over the limit. */
  consume(key: string): Promise<void>
  /**
   * Counts what is about to be tried, and throws 429 over the limit. Gives the function that takes the count back when it succeeded; so of any number that
   * are tried at once, no more fail than the limit allows.
   *
   * @example
   * const takeBack = await failures.claim(email)
   * if (await matches(password)) await takeBack()
   */
  claim(key: string): Promise<() => Promise<void>>
  /** Throws 429 if the limit is reached already. Counts nothing. */
  check(key: string): Promise<void>
  /** Counts a failure that has happened. Throws nothing: the next `check` does. */
  fail(key: string): Promise<void>
  peek(key: string): Promise<LimitState>
}

export function createLimiter(
  { name, max, windowMs }: RateLimit,
  store: LimitStore | undefined,
): Limiter {
  return { consume, claim, check, fail, peek }

  async function consume(key: string): Promise<void> {
    const state = await count(key)
    if (state.used > max) throw refusal(state)
  }

  async function claim(key: string): Promise<() => Promise<void>> {
    await consume(key)
    return async () => store?.decrement(digest(key))
  }

  async function check(key: string): Promise<void> {
    const state = await peek(key)
    if (state.used >= max) throw refusal(state)
  }

  async function fail(key: string): Promise<void> {
    await count(key)
  }

  async function count(key: string): Promise<LimitState> {
    return stateOf(await store?.increment(digest(key)))
  }

  async function peek(key: string): Promise<LimitState> {
    return stateOf(await store?.get(digest(key)))
  }

  function stateOf(seen?: { totalHits: number; resetTime: Date | undefined }): LimitState {
    const used = seen?.totalHits ?? 0
    const resetMs = seen?.resetTime ? Math.max(0, seen.resetTime.getTime() - Date.now()) : windowMs
    return { used, remaining: Math.max(0, max - used), resetMs }
  }

  /** The fields that express-rate-limit sets where a route counts (draft-ietf-httpapi-ratelimit-headers-08). */
  function refusal({ resetMs }: LimitState): AppError {
    const seconds = Math.max(1, Math.ceil(resetMs / 1_000))
    return rateLimited({
      retryAfterSeconds: seconds,
      headers: {
        RateLimit: `"${name}"; r=0; t=${seconds}`,
        'RateLimit-Policy': `"${name}"; q=${max}; w=${Math.ceil(windowMs / 1_000)}`,
      },
    })
  }
}

const digest = (key: string): string =>
  createHash('sha256').update(key).digest('base64url').slice(0, 22)
