import type { Logger } from '../logging/index.ts'
import type { Metrics } from '../telemetry/index.ts'

export interface FallbackDeps {
  log: Logger
  metrics: Pick<Metrics, 'rateLimitFallback'>
}

export type Fallback = ReturnType<typeof createFallback>

/** Tells operators, once each way, whether limits hold over all replicas or in each process alone. */
export function createFallback({ log, metrics }: FallbackDeps) {
  let alone = false
  metrics.rateLimitFallback.set(0)
  return { began, ended }

  function began(error: unknown): void {
    if (alone) return
    alone = true
    metrics.rateLimitFallback.set(1)
    const reason = error instanceof Error ? error.message : String(error)
    log.warn({ reason }, 'Redis does not count: rate limits hold in each process alone')
  }

  function ended(): void {
    if (!alone) return
    alone = false
    metrics.rateLimitFallback.set(0)
    log.info('Redis counts again: rate limits hold over all processes')
  }
}
