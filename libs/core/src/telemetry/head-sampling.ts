import { EventEmitter } from 'node:events'
import type * as Http from 'node:http'
import type { IncomingMessage } from 'node:http'
import { ROOT_CONTEXT, SpanKind, trace, type SpanContext } from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'
import { RandomIdGenerator, SamplingDecision, type Sampler } from '@opentelemetry/sdk-trace'

export interface HeadSamplingOptions {
  /**
   * Whether the caller's `traceparent` counts with its decision: only where all callers are yours.
   */
  trustsCaller: boolean
}

const probe = /^\/(metrics|health)(\/|\?|$)/

/**
 * Decides from the head of a request whether it is traced, before anything is made for a trace: whoever is not traced passes by the
 * instrumentation of `node:http`, and costs what it costs with tracing off. To be called once that instrumentation is there.
 */
export function sampleAtHead(sampler: Sampler, options: HeadSamplingOptions): void {
  // Only a package that is asked for now meets the instrumentation.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- The reason stands above.
  const { Server } = require('node:http') as typeof Http
  const isTraced = createHeadDecision(sampler, options)
  const traced = Reflect.get(Server.prototype, 'emit') as EventEmitter['emit']
  const untraced = Reflect.get(EventEmitter.prototype, 'emit') as EventEmitter['emit']
  Server.prototype.emit = function (event: string | symbol, ...args: unknown[]) {
    const passesBy = event === 'request' && !isTraced(args[0] as IncomingMessage)
    return (passesBy ? untraced : traced).call(this, event, ...args)
  }
}

/**
 * Returns the sampler's decision on the caller's trace, or on a new one; probes and scrapes have
 * none. A stranger decides nothing: neither the flag nor the trace id, by which a share is drawn,
 * is asked for. Its trace id names the trace all the same, so that a client finds its own.
 */
function createHeadDecision(
  sampler: Sampler,
  { trustsCaller }: HeadSamplingOptions,
): (request: IncomingMessage) => boolean {
  const ids = new RandomIdGenerator()
  return ({ headers, url = '' }) => {
    if (probe.test(url)) return false
    // Up to 512 characters of a stranger's, which would go into rows and to other services.
    if (!trustsCaller) delete headers['tracestate']
    const parent = trustsCaller ? callerOf(headers) : null
    const around = parent
      ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true })
      : ROOT_CONTEXT
    const traceId = parent?.traceId ?? ids.generateTraceId()
    const { decision } = sampler.shouldSample(around, traceId, '', SpanKind.SERVER, {}, [])
    return decision === SamplingDecision.RECORD_AND_SAMPLED
  }
}

function callerOf({ traceparent }: IncomingMessage['headers']): SpanContext | null {
  return typeof traceparent === 'string' ? parseTraceParent(traceparent) : null
}
