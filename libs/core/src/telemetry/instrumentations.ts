import { ClientRequest, type IncomingMessage } from 'node:http'
import type { Span } from '@opentelemetry/api'
import { ExpressInstrumentation, ExpressLayerType } from '@opentelemetry/instrumentation-express'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis'
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg'
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { withoutQueryValues } from './query-values.ts'

/**
 * What is traced, and what of it stays out: probes and scrapes, statements outside of a trace, values in statements, commands and query
 * strings. One by one, because the package of all instrumentations loads forty, and that for `router` doubles the spans of Express.
 */
export const createInstrumentations = () => [
  new HttpInstrumentation({
    ignoreIncomingRequestHook: ({ url = '' }) => /^\/(metrics|health)(\/|\?|$)/.test(url),
    startIncomingSpanHook: ({ url = '' }) => {
      const query = url.split('?')[1]
      return query ? { 'url.query': withoutQueryValues(query) } : {}
    },
    requireParentforOutgoingSpans: true,
    requestHook: hideOutgoingQuery,
  }),
  new ExpressInstrumentation({
    // It gives the request's span its route; a span for each layer as well would tell nothing more.
    ignoreLayersType: Object.values(ExpressLayerType),
  }),
  new PgInstrumentation({
    requireParentSpan: true,
    enhancedDatabaseReporting: false,
    ignoreConnectSpans: true,
  }),
  new IORedisInstrumentation({
    requireParentSpan: true,
    // The arguments hold payloads: a job is the argument of a script.
    dbStatementSerializer: (command) => command,
  }),
  new UndiciInstrumentation({
    requireParentforSpans: true,
    requestHook: (span, { origin, path }) => hideQuery(span, origin, path),
  }),
  new PinoInstrumentation({
    disableLogSending: true,
    logKeys: { traceId: 'traceId', spanId: 'spanId', traceFlags: 'traceFlags' },
  }),
]

function hideOutgoingQuery(span: Span, request: ClientRequest | IncomingMessage): void {
  if (!(request instanceof ClientRequest)) return
  hideQuery(span, `${request.protocol}//${String(request.getHeader('host'))}`, request.path)
}

function hideQuery(span: Span, origin: string, path: string): void {
  const [pathname = '', query] = path.split('?')
  if (query === undefined) return
  const hidden = withoutQueryValues(query)
  span.setAttributes({ 'url.full': `${origin}${pathname}?${hidden}`, 'url.query': hidden })
}
