import type { Store } from 'express-rate-limit'
import type { Breaker, RedisConnection } from '../redis/index.ts'
import type { Count } from './counters.ts'
import type { Fallback } from './fallback.ts'

export interface LimitStoreDeps {
  redis: RedisConnection
  breaker: Breaker
  fallback: Fallback
  /** Where the keys begin. */
  prefix: string
  windowMs: number
  /** How many callers a process remembers. */
  maxKeys: number
}

/** What counts. It never fails: without Redis it counts in this process. */
export interface LimitStore extends Store {
  get(key: string): Promise<{ totalHits: number; resetTime: Date } | undefined>
  /** Takes one back, if it still counts. */
  decrement(key: string): Promise<void>
  stop?(): Promise<void>
}

export const toHits = ({ hits, resetAt }: Count): { totalHits: number; resetTime: Date } => ({
  totalHits: hits,
  resetTime: new Date(resetAt),
})

/** Takes over what all processes counted together. Never less than what was seen here, so that a Redis that forgets frees nobody. */
export function learn(count: Count, hits: number, resetAt: number): void {
  count.hits = Math.max(count.hits, hits)
  count.resetAt = resetAt
}

/** Only an express-rate-limit option that is not used here would ask for it. */
export const forgetsNobody = { resetKey: () => undefined }
