import { randomUUID } from 'node:crypto'
import { context, propagation } from '@opentelemetry/api'

/** A place in a trace, as W3C Trace Context writes it. Fits into a row or a job. */
export interface TraceContext {
  traceparent: string
  tracestate?: string
}

/** Where the caller stands in its trace; undefined while tracing is off or nothing is traced. */
export function currentTraceContext(): TraceContext | undefined {
  const carrier: Partial<TraceContext> = {}
  propagation.inject(context.active(), carrier)
  const { traceparent, tracestate } = carrier
  return traceparent ? { traceparent, ...(tracestate && { tracestate }) } : undefined
}

/** Runs `work` as a part of the trace that `traceContext` names; without one, as it is. Gives what `work` gives. */
export function withTraceContext<T>(traceContext: TraceContext | undefined, work: () => T): T {
  if (!traceContext) return work()
  return context.with(propagation.extract(context.active(), traceContext), work)
}

/**
 * Value of the answer's `traceparent` header, so that a client can name its trace; undefined while tracing is off. Of what is not traced, such
 * as a probe, it says that nobody records it.
 */
export function traceparentHeader(): string | undefined {
  // The propagator that stands in while tracing is off has no fields.
  if (propagation.fields().length === 0) return undefined
  return currentTraceContext()?.traceparent ?? unrecorded()
}

/** One random id is enough for what nobody looks up. */
function unrecorded(): string {
  const id = randomUUID().replaceAll('-', '')
  return `00-${id}-${id.slice(16)}-00`
}
