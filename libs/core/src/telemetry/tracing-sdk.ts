import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  envDetector,
  hostDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import type { Environment } from '../config/index.ts'
import { sampleAtHead } from './head-sampling.ts'
import { createInstrumentations } from './instrumentations.ts'
import { createSpanSampler, createStandardSampler } from './sampler.ts'

const flushMs = 2_000

/** Starts the SDK and gives the function that ends it: bounded, because a collector that is away must not hold up a stop. */
export function startSdk(serviceName: string, environment: Environment): () => Promise<void> {
  const sampler = createStandardSampler(environment)
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({
      'service.name': environment['OTEL_SERVICE_NAME'] ?? serviceName,
      'service.namespace': 'ashlar',
      'deployment.environment.name': environment['APP_ENV'] ?? 'local',
    }),
    // Not the process detector: it would send the command line.
    resourceDetectors: [envDetector, hostDetector, serviceInstanceIdDetector],
    sampler: createSpanSampler(sampler),
    traceExporter: new OTLPTraceExporter(),
    textMapPropagator: new W3CTraceContextPropagator(),
    instrumentations: createInstrumentations(),
    // Metrics are Prometheus', logs go to standard output.
    metricReaders: [],
    logRecordProcessors: [],
  })
  sdk.start()
  sampleAtHead(sampler, { trustsCaller: environment['TRUST_TRACEPARENT'] === 'true' })
  return async () => {
    const late = new Promise<void>((resolve) => setTimeout(resolve, flushMs).unref())
    await Promise.race([sdk.shutdown().catch(() => undefined), late])
  }
}
