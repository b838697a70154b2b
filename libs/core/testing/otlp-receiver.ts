import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { eventually, patienceMs } from './eventually.ts'

type SpanKindName = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

/** A span as it came over OTLP. */
export interface ReceivedSpan {
  /** `service.name` of the process that sent it. */
  service: string
  traceId: string
  spanId: string
  /** Empty for the first of a trace. */
  parentSpanId: string
  name: string
  kind: SpanKindName
  attributes: Record<string, unknown>
  events: { name: string; attributes: Record<string, unknown> }[]
  failed: boolean
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string
  spans: ReceivedSpan[]
  /** The first span that fits, also one that came before. Throws after `timeoutMs` (10 s). */
  waitForSpan(fits: (span: ReceivedSpan) => boolean, timeoutMs?: number): Promise<ReceivedSpan>
  stop(): Promise<void>
}

/**
 * A real OTLP receiver (HTTP with JSON) on a free port, which keeps the spans that it gets.
 *
 * @example
 * const otlp = await startOtlpReceiver()
 * // … run a process with OTEL_EXPORTER_OTLP_ENDPOINT=otlp.url
 * const span = await otlp.waitForSpan(({ name }) => name === 'mail.send')
 */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = []
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      if (request.url === '/v1/traces') spans.push(...spansOf(body as TraceExport))
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    waitForSpan,
    stop,
  }

  function waitForSpan(
    fits: (span: ReceivedSpan) => boolean,
    timeoutMs = patienceMs,
  ): Promise<ReceivedSpan> {
    return eventually(() => spans.find(fits), timeoutMs)
  }

  async function stop(): Promise<void> {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
interface TraceExport {
  resourceSpans: {
    resource: { attributes: Attribute[] }
    scopeSpans: { spans: Span[] }[]
  }[]
}

interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  attributes?: Attribute[]
  events?: { name: string; attributes?: Attribute[] }[]
  status?: { code?: number }
}

interface Attribute {
  key: string
  value: Record<string, unknown>
}

const kinds: SpanKindName[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer']

function spansOf({ resourceSpans }: TraceExport): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(read(resource.attributes)['service.name'])
    return scopeSpans
      .flatMap(({ spans }) => spans)
      .map((span) => ({
        service,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        kind: kinds[span.kind] ?? 'internal',
        attributes: read(span.attributes),
        events: (span.events ?? []).map((event) => ({
          name: event.name,
          attributes: read(event.attributes),
        })),
        failed: span.status?.code === 2,
      }))
  })
}

const read = (attributes: Attribute[] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
