import type { CoreConfig } from '../config/index.ts'
import type { Component } from '../lifecycle/index.ts'
import type { Logger } from '../logging/index.ts'
import { bullPrefix, createBreaker, type RedisConnection } from '../redis/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { createExactStore } from './exact-store.ts'
import { createFallback, type Fallback } from './fallback.ts'
import type { DeclaredLimit, RateLimit } from './limit.ts'
import type { LimitStore, LimitStoreDeps } from './limit-store.ts'
import { createLimiter, type Limiter } from './limiter.ts'
import { createRouteLimiter, type RouteLimiter } from './route-limiter.ts'
import { createSharedStore } from './shared-store.ts'

export interface RateLimitsDeps {
  config: Pick<CoreConfig, 'appName' | 'rateLimitEnabled' | 'rateLimitDefault'>
  redis: RedisConnection
  log: Logger
  metrics: Pick<Metrics, 'rateLimitFallback'>
}

/** Counts who asks how often, over all processes. Without Redis each process counts for itself. */
export interface RateLimits extends Component {
  /** The limits of a route, which is named by method and template; undefined where nothing is limited. */
  forRoute(route: string, declared: DeclaredLimit): RouteLimiter | undefined
  /**
   * A limit that a service asks. It passes everything where limits are switched off.
   *
   * @example
   * const failures = rateLimits.limiter({ name: 'login-failures', max: 10, windowMs: 900_000 })
   * await failures.check(`${email} ${address}`)
   * if (!(await matches(password))) await failures.fail(`${email} ${address}`)
   */
  limiter(limit: RateLimit): Limiter
  stop(): Promise<void>
}

const sharedKeys = 50_000
const exactKeys = 10_000

export function createRateLimits({ config, redis, log, metrics }: RateLimitsDeps): RateLimits {
  const byDefault: RateLimit = { name: 'default', max: config.rateLimitDefault, windowMs: 60_000 }
  const breaker = createBreaker(redis)
  const exact = new Map<string, { limit: RateLimit; store: LimitStore }>()
  let fallback: Fallback | undefined
  let shared: (LimitStore & { stop(): Promise<void> }) | undefined
  return { name: 'rate limits', forRoute, limiter, stop }

  function forRoute(route: string, declared: DeclaredLimit): RouteLimiter | undefined {
    if (!config.rateLimitEnabled || declared === false) return undefined
    if (declared === undefined)
      return createRouteLimiter([{ limit: byDefault, scope: `${route} `, store: sharedStore() }])
    const limits = 'name' in declared ? [declared] : declared
    return createRouteLimiter(
      limits.map((limit) => ({ limit, scope: '', store: exactStore(limit) })),
    )
  }

  function limiter(limit: RateLimit): Limiter {
    return createLimiter(limit, config.rateLimitEnabled ? exactStore(limit) : undefined)
  }

  function sharedStore(): LimitStore {
    return (shared ??= createSharedStore(storeOf(byDefault, sharedKeys)))
  }

  function exactStore(limit: RateLimit): LimitStore {
    const known = exact.get(limit.name)
    if (known && (known.limit.max !== limit.max || known.limit.windowMs !== limit.windowMs))
      throw new Error(`The rate limit ${limit.name} is declared with different numbers`)
    const store = known?.store ?? createExactStore(storeOf(limit, exactKeys))
    exact.set(limit.name, { limit, store })
    return store
  }

  function storeOf({ name, windowMs }: RateLimit, maxKeys: number): LimitStoreDeps {
    fallback ??= createFallback({ log, metrics })
    const prefix = `${bullPrefix(config)}:limit:${name}:`
    return { redis, breaker, fallback, prefix, windowMs, maxKeys }
  }

  async function stop(): Promise<void> {
    await shared?.stop()
  }
}
