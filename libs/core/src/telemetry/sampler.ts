import { SpanKind, trace } from '@opentelemetry/api'
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
const beginnings = [SpanKind.SERVER, SpanKind.CONSUMER, SpanKind.PRODUCER]

/** What OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG say, but no trace of an idle worker. */
export function createSampler(environment: Environment): Sampler {
  const sampler = standardSampler(environment)
  return {
    shouldSample: (context, traceId, name, kind, attributes, links) =>
      trace.getSpanContext(context) || beginnings.includes(kind)
        ? sampler.shouldSample(context, traceId, name, kind, attributes, links)
        : { decision: SamplingDecision.NOT_RECORD },
    toString: () => `NoIdleTraces{${sampler.toString()}}`,
  }
}

/** NodeSDK makes this one itself, but only where it is given no sampler. */
function standardSampler(environment: Environment): Sampler {
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
