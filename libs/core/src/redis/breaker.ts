import { dependencyUnavailable } from '../errors/index.ts'
import type { RedisConnection } from './redis.ts'

const pauseMs = 1_000

export type Breaker = ReturnType<typeof createBreaker>

/**
 * Keeps requests from waiting for a frozen Redis one after the other: after a failure nobody asks for a second, then one tries again. What
 * is refused meanwhile throws "temporarily unavailable" at once.
 */
export function createBreaker(redis: Pick<RedisConnection, 'isUp'>) {
  let closedUntil = -Infinity
  return { run }

  async function run<T>(ask: () => Promise<T>): Promise<T> {
    const now = performance.now()
    if (!redis.isUp() || now < closedUntil) throw dependencyUnavailable({ retryAfterSeconds: 1 })
    const probes = closedUntil !== -Infinity
    if (probes) closedUntil = now + pauseMs
    try {
      const answer = await ask()
      closedUntil = -Infinity
      return answer
    } catch (error) {
      closedUntil = performance.now() + pauseMs
      throw error
    }
  }
}
