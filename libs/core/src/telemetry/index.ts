export { measureDatabasePool, type DatabasePoolDeps } from './database-pool.ts'
export { createMetrics, type Metrics, type MetricsDeps } from './metrics.ts'
export {
  currentTraceContext,
  traceparentHeader,
  withTraceContext,
  type TraceContext,
} from './trace-context.ts'
export { nameRoute, withSpan, type SpanOptions } from './trace-span.ts'
export { startTracing, type Tracing, type TracingOptions } from './tracing.ts'
