export { rateLimited, type DeclaredLimit, type RateLimit } from './limit.ts'
export { type Limiter, type LimitState } from './limiter.ts'
export { createRateLimits, type RateLimits, type RateLimitsDeps } from './rate-limits.ts'
export { type RouteLimiter } from './route-limiter.ts'
