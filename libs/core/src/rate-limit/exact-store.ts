import { RedisStore } from 'rate-limit-redis'
import { createScript } from '../redis/index.ts'
import { createCounters } from './counters.ts'
import {
  forgetsNobody,
  learn,
  toHits,
  type LimitStore,
  type LimitStoreDeps,
} from './limit-store.ts'

/** DECR alone would make a count of what is no longer there, for good. */
const decrementKnown = `
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DECR', KEYS[1]) end`

/** Asks Redis for every request: for limits where one more would matter. */
export function createExactStore(deps: LimitStoreDeps): LimitStore {
  const { redis, breaker, fallback, prefix, windowMs, maxKeys } = deps
  const counters = createCounters(windowMs, maxKeys)
  const remote = new RedisStore({
    prefix,
    sendCommand: (...command) => redis.client.call(...(command as [string, ...string[]])) as never,
  })
  const takeBack = createScript(redis.client, decrementKnown)
  let prepared = false
  return { increment, get, decrement, ...forgetsNobody }

  async function increment(key: string) {
    const count = counters.hit(key)
    // Others may be counted before the answer comes.
    const here = toHits(count)
    const seen = await ask(() => remote.increment(key))
    if (!seen?.resetTime) return here
    learn(count, seen.totalHits, seen.resetTime.getTime())
    return {
      totalHits: Math.max(here.totalHits, seen.totalHits),
      resetTime: seen.resetTime,
    }
  }

  async function get(key: string) {
    const here = counters.find(key)
    const seen = await ask(() => remote.get(key))
    // Without a count, rate-limit-redis answers NaN.
    const known = seen?.resetTime && seen.totalHits > 0 ? seen.totalHits : 0
    if (seen?.resetTime && known > (here?.hits ?? 0))
      return { totalHits: known, resetTime: seen.resetTime }
    return here && toHits(here)
  }

  async function decrement(key: string) {
    const here = counters.find(key)
    if (here) here.hits -= 1
    await ask(() => takeBack([prefix + key], []))
  }

  async function ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await breaker.run(async () => {
        // Made while Redis is away, or met by an error in between, it would stay broken for good.
        if (!prepared) await remote.init({ windowMs } as Parameters<typeof remote.init>[0])
        prepared = true
        return question()
      })
      fallback.ended()
      return answer
    } catch (error) {
      prepared = false
      fallback.began(error)
      return undefined
    }
  }
}
