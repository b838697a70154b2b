import { ClientRequest, type IncomingMessage } from 'node:http'
import type { Span } from '@opentelemetry/api'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis'
import { PgInstrumentation, type PgRequestHookInformation } from '@opentelemetry/instrumentation-pg'
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { withoutQueryValues } from './query-values.ts'

/**
 * What is traced, and what of it stays out: statements outside of a trace, values in statements, commands and query strings. One by one, because the
 * package of all instrumentations loads forty. Not Express: routes name their spans themselves, at no cost where nothing is traced.
 */
export const createInstrumentations = () => [
  new HttpInstrumentation({
    startIncomingSpanHook: ({ url = '' }) => {
      const query = url.split('?')[1]
      return query ? { 'url.query': withoutQueryValues(query) } : {}
    },
    requireParentforOutgoingSpans: true,
    requestHook: hideOutgoingQuery,
  }),
  new PgInstrumentation({
    requireParentSpan: true,
    enhancedDatabaseReporting: false,
    ignoreConnectSpans: true,
    requestHook: nameByOperation,
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

/** The name that a statement of Prisma has is a digest, which tells a reader nothing. */
function nameByOperation(span: Span, { query, connection }: PgRequestHookInformation): void {
  const [operation = ''] = query.text.trim().split(/\s/, 1)
  span.updateName(`pg.query:${operation.toUpperCase()} ${connection.database}`)
}

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
