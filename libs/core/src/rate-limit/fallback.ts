import { createOutageLog, type Logger } from '../logging/index.ts'
import type { Metrics } from '../telemetry/index.ts'

export interface FallbackDeps {
  log: Logger
  metrics: Pick<Metrics, 'rateLimitFallback'>
}

export type Fallback = ReturnType<typeof createFallback>

/**
 * Tells operators, each way and at most every few seconds, whether limits hold over all replicas or
 * in each process alone.
 */
export function createFallback({ log, metrics }: FallbackDeps) {
  const outage = createOutageLog(log, 'counting in Redis', {
    begins: 'Redis does not count: rate limits hold in each process alone',
    ends: 'Redis counts again: rate limits hold over all processes',
  })
  metrics.rateLimitFallback.set(0)
  return { began, ended }

  function began(error: unknown): void {
    metrics.rateLimitFallback.set(1)
    outage.failed(error)
  }

  function ended(): void {
    metrics.rateLimitFallback.set(0)
    outage.recovered()
  }
}
