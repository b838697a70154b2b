import { BullMQOtel } from 'bullmq-otel'
import type { Telemetry } from 'bullmq'
import type { CoreConfig } from '../config/index.ts'

/** With tracing on, a job continues the trace that its options name (`telemetry.metadata`). */
export const bullTelemetry = ({
  tracing,
}: Pick<CoreConfig, 'tracing'>): { telemetry?: Telemetry } =>
  tracing ? { telemetry: new BullMQOtel({ tracerName: 'ashlar' }) } : {}
