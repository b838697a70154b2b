import { SpanStatusCode, trace, type Attributes, type SpanKind } from '@opentelemetry/api'

/**
 * Tells the span at hand which route it is of, by the template, so that a client cannot make up names (OpenTelemetry's `http.route`). Nothing
 * happens where none is traced.
 */
export function nameRoute(method: string, route: string): void {
  const span = trace.getActiveSpan()
  span?.setAttribute('http.route', route)
  span?.updateName(`${method} ${route}`)
}

export interface SpanOptions {
  kind?: SpanKind
  /** What it is about. Neither secrets nor personal data. */
  attributes?: Attributes
}

/**
 * Runs `work` as a span of the current trace; a failure marks the span with the error's class and leaves its message out, which may
 * quote an input. Costs next to nothing while tracing is off.
 *
 * @example
 * const weight = await withSpan('stone.weigh', { attributes: { 'stone.id': 7 } }, () => stones.weigh(7))
 */
export function withSpan<T>(
  name: string,
  options: SpanOptions,
  work: () => Promise<T>,
): Promise<T> {
  return trace.getTracer('ashlar').startActiveSpan(name, options, async (span) => {
    try {
      return await work()
    } catch (error) {
      span.setAttribute('error.type', error instanceof Error ? error.name : typeof error)
      span.setStatus({ code: SpanStatusCode.ERROR })
      throw error
    } finally {
      span.end()
    }
  })
}
