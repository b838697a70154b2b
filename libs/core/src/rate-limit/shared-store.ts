import { createScript } from '../redis/index.ts'
import { createCounters, type Count } from './counters.ts'
import {
  forgetsNobody,
  learn,
  toHits,
  type LimitStore,
  type LimitStoreDeps,
} from './limit-store.ts'

const intervalMs = 100
const batchSize = 500

const add = `
local answer = {}
for i, key in ipairs(KEYS) do
  answer[2 * i - 1] = redis.call('INCRBY', key, ARGV[i + 1])
  local left = redis.call('PTTL', key)
  if left < 0 then
    redis.call('PEXPIRE', key, ARGV[1])
    left = tonumber(ARGV[1])
  end
  answer[2 * i] = left
end
return answer`

/**
 * Counts here and settles with the other processes ten times a second, so that no request waits for Redis. A process never lets more than
 * the limit pass; all together let pass what the others accept within one interval on top.
 */
export function createSharedStore(deps: LimitStoreDeps): LimitStore & { stop(): Promise<void> } {
  const { redis, breaker, fallback, prefix, windowMs, maxKeys } = deps
  const counters = createCounters(windowMs, maxKeys)
  const addAll = createScript(redis.client, add)
  let changed = new Map<string, Count>()
  let timer: NodeJS.Timeout | undefined
  return { increment, get, decrement, stop, ...forgetsNobody }

  async function increment(key: string) {
    const count = counters.hit(key)
    count.untold += 1
    changed.set(key, count)
    timer ??= setTimeout(() => void settle(), intervalMs).unref()
    return toHits(count)
  }

  async function get(key: string) {
    const count = counters.find(key)
    return count && toHits(count)
  }

  async function decrement(key: string) {
    const count = counters.find(key)
    if (!count) return
    count.hits -= 1
    count.untold -= 1
    changed.set(key, count)
    timer ??= setTimeout(() => void settle(), intervalMs).unref()
  }

  async function settle(): Promise<void> {
    const batch = [...changed]
    changed = new Map()
    for (let start = 0; start < batch.length; start += batchSize)
      await tell(batch.slice(start, start + batchSize))
    timer = undefined
    if (changed.size > 0) timer = setTimeout(() => void settle(), intervalMs).unref()
  }

  async function tell(batch: readonly (readonly [string, Count])[]): Promise<void> {
    const told = batch.map(([, count]) => count.untold)
    for (const [, count] of batch) count.untold = 0
    try {
      const keys = batch.map(([key]) => prefix + key)
      const answer = (await breaker.run(() => addAll(keys, [windowMs, ...told]))) as number[]
      const now = Date.now()
      batch.forEach(([, count], i) =>
        learn(count, answer[2 * i]! + count.untold, now + answer[2 * i + 1]!),
      )
      fallback.ended()
    } catch (error) {
      fallback.began(error)
      batch.forEach(([key, count], i) => owe(key, count, told[i]!))
    }
  }

  /** It is told again, unless its window is over or it was dropped. */
  function owe(key: string, count: Count, hits: number): void {
    if (!counters.has(key, count)) return
    count.untold += hits
    changed.set(key, count)
  }

  async function stop(): Promise<void> {
    clearTimeout(timer)
    if (changed.size > 0) await settle()
    clearTimeout(timer)
  }
}
