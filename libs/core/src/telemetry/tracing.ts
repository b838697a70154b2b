import { exportEnvironment, type Environment } from '../config/index.ts'
import type { Component } from '../lifecycle/index.ts'
import type * as Sdk from './tracing-sdk.ts'

export interface TracingOptions {
  /** Name of the process in the traces, such as `ashlar-api`, unless OTEL_SERVICE_NAME gives another. */
  serviceName: string
  environment: Environment
}

/** Its stop sends the spans that wait, so it is the last component to stop. */
export interface Tracing extends Component {
  isOn: boolean
  stop(): Promise<void>
}

/**
 * Starts tracing if OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set and
 * OTEL_SDK_DISABLED is not `true`. It must run before anything that it shall
 * trace is loaded: in the first import of `main.ts`. While tracing is off no package of the SDK is loaded.
 *
 * @example
 * const tracing = startTracing({ serviceName: 'ashlar-api', environment: readEnvironment() })
 */
export function startTracing({ serviceName, environment }: TracingOptions): Tracing {
  if (!isWanted(environment)) return { name: 'tracing', isOn: false, stop: async () => undefined }
  // The SDK reads OTEL_* from the process environment, where those of .env are not yet.
  exportEnvironment(environment, 'OTEL_')
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- The SDK takes a quarter of a second to load.
  const { startSdk } = require('./tracing-sdk.ts') as typeof Sdk
  return { name: 'tracing', isOn: true, stop: startSdk(serviceName, environment) }
}

/** A broken endpoint counts as none: the configuration is checked right after, and tells it better. */
function isWanted(environment: Environment): boolean {
  if (environment['OTEL_SDK_DISABLED'] === 'true') return false
  const endpoint =
    environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? environment['OTEL_EXPORTER_OTLP_ENDPOINT']
  return /^https?:$/.test(URL.parse(endpoint ?? '')?.protocol ?? '')
}
