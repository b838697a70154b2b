import { context, propagation, SpanKind, trace } from '@opentelemetry/api'
import type { OwedDelivery } from './event-job.ts'

type Traced = Pick<OwedDelivery, 'name' | 'trace_context'>

/**
 * Runs `work` with a span for each event that was published in a trace, and gives it a function that tells where the jobs of an event
 * continue that trace. So one trace leads from the request over the outbox to the listeners.
 */
export async function traceRelay<Event extends Traced>(
  events: readonly Event[],
  work: (traceContextOf: (event: Event) => Event['trace_context']) => Promise<void>,
): Promise<void> {
  const spans = new Map(events.flatMap((event) => startSpan(event)))
  try {
    await work((event) => spans.get(event)?.continued ?? null)
  } finally {
    for (const { span } of spans.values()) span.end()
  }
}

function startSpan<Event extends Traced>(event: Event) {
  if (!event.trace_context) return []
  const origin = propagation.extract(context.active(), event.trace_context)
  const span = trace
    .getTracer('ashlar')
    .startSpan(`relay ${event.name}`, { kind: SpanKind.PRODUCER }, origin)
  const continued: Record<string, string> = {}
  propagation.inject(trace.setSpan(origin, span), continued)
  return [[event, { span, continued }] as const]
}
