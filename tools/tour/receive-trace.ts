import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { waitFor } from './wait-for.ts'

interface Span {
  service: string
  traceId: string
  spanId: string
  parentSpanId: string
  name: string
  beginNs: bigint
  endNs: bigint
}

type TraceSource =
  | { state: 'off' }
  | { state: 'elsewhere'; endpoint: string }
  | { state: 'here'; linesOf(traceId: string): Promise<string[]> }

/**
 * Where the processes send their traces. When that is an address of this machine where nobody listens, the tour itself listens there, and can
 * print the trace.
 */
export async function receiveTrace(endpoint: string | undefined): Promise<TraceSource> {
  if (!endpoint) return { state: 'off' }
  const { hostname, port } = new URL(endpoint)
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  const spans: Span[] = []
  const listens = isLocal && (await listen(Number(port || 80), spans))
  if (!listens) return { state: 'elsewhere', endpoint }
  return { state: 'here', linesOf: (traceId) => linesOf(spans, traceId) }
}

function listen(port: number, spans: Span[]): Promise<boolean> {
  const server = createServer((request, response) => {
    json(request)
      .then((body) => spans.push(...readSpans(body as TraceExport)))
      .finally(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
      .catch(() => undefined)
  })
  server.unref()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, 'localhost', () => resolve(true))
  })
}

/** Exporters send in batches, five seconds apart: the mail's span is the last to come. */
async function linesOf(spans: Span[], traceId: string): Promise<string[]> {
  const own = () => spans.filter((span) => span.traceId === traceId)
  await waitFor(
    async () =>
      own().some(({ name }) => name === 'mail.send') &&
      own().some(({ parentSpanId }) => !parentSpanId)
        ? true
        : undefined,
    15_000,
  )
  const all = own()
  if (all.length === 0) return ['No span came within 15 seconds.']
  const begin = all.reduce(
    (least, { beginNs }) => (beginNs < least ? beginNs : least),
    all[0]!.beginNs,
  )
  const known = new Set(all.map(({ spanId }) => spanId))
  const roots = all.filter(({ parentSpanId }) => !known.has(parentSpanId))
  return branchLines(roots, all, begin, 0)
}

function branchLines(branch: Span[], all: Span[], begin: bigint, depth: number): string[] {
  return branch
    .toSorted((a, b) => Number(a.beginNs - b.beginNs))
    .flatMap((span) => {
      const children = all.filter(({ parentSpanId }) => parentSpanId === span.spanId)
      const at = `${ms(span.beginNs - begin)} ms`.padStart(9)
      const line = `${at}  ${'  '.repeat(depth)}${span.name}  (${span.service}, ${ms(span.endNs - span.beginNs)} ms)`
      return [line, ...branchLines(children, all, begin, depth + 1)]
    })
}

const ms = (ns: bigint) => (Number(ns) / 1e6).toFixed(1)

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
interface TraceExport {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] }
    scopeSpans: {
      spans: {
        traceId: string
        spanId: string
        parentSpanId?: string
        name: string
        startTimeUnixNano: string
        endTimeUnixNano: string
      }[]
    }[]
  }[]
}

function readSpans({ resourceSpans }: TraceExport): Span[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const name = resource.attributes.find(({ key }) => key === 'service.name')
    return scopeSpans
      .flatMap(({ spans }) => spans)
      .map((span) => ({
        service: name?.value.stringValue ?? '',
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        beginNs: BigInt(span.startTimeUnixNano),
        endNs: BigInt(span.endTimeUnixNano),
      }))
  })
}
