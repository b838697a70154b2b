import { SpanKind, trace, TraceFlags, type SpanContext } from '@opentelemetry/api'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  type Sampler,
} from '@opentelemetry/sdk-trace'
import type { Environment } from '../config/index.ts'

/** A trace begins with a request, a job or a message. BullMQ's polling and its Redis commands are none of them. */
const beginnings = [SpanKind.CONSUMER, SpanKind.PRODUCER]

/**
 * For spans. A request gets here only if it was chosen at its head, and everything below it
 * follows: drawn again, a tenth of its statements would be left. An idle worker leaves no trace.
 */
export function createSpanSampler(standard: Sampler): Sampler {
  return {
    shouldSample(context, traceId, name, kind, attributes, links) {
      if (kind === SpanKind.SERVER) return { decision: SamplingDecision.RECORD_AND_SAMPLED }
      const parent = trace.getSpanContext(context)
      if (parent) return { decision: decisionOf(parent) }
      if (!beginnings.includes(kind)) return { decision: SamplingDecision.NOT_RECORD }
      return standard.shouldSample(context, traceId, name, kind, attributes, links)
    },
    toString: () => `NoIdleTraces{${standard.toString()}}`,
  }
}

const decisionOf = ({ traceFlags }: SpanContext): SamplingDecision =>
  traceFlags & TraceFlags.SAMPLED
    ? SamplingDecision.RECORD_AND_SAMPLED
    : SamplingDecision.NOT_RECORD

/** What OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG say. NodeSDK makes this one itself, but only where it is given no sampler. */
export function createStandardSampler(environment: Environment): Sampler {
  const name = environment['OTEL_TRACES_SAMPLER'] ?? defaultSampler(environment)
  const root = rootSampler(name.replace('parentbased_', ''), environment)
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root
}

const defaultSampler = ({ OTEL_TRACES_SAMPLER_ARG }: Environment) =>
  OTEL_TRACES_SAMPLER_ARG === undefined ? 'parentbased_always_on' : 'parentbased_traceidratio'

function rootSampler(name: string, { OTEL_TRACES_SAMPLER_ARG }: Environment): Sampler {
  if (name === 'always_off') return new AlwaysOffSampler()
  if (name === 'traceidratio') return new TraceIdRatioBasedSampler(ratio(OTEL_TRACES_SAMPLER_ARG))
  return new AlwaysOnSampler()
}

function ratio(text = '1'): number {
  const share = Number(text)
  return share >= 0 && share <= 1 ? share : 1
}
