import { readEnvironment } from '@ashlar/core/config'
import { startTracing } from '@ashlar/core/telemetry'

/** Imported before anything else by main.ts, because only what is loaded afterwards is traced. */
export const tracing = startTracing({
  serviceName: 'ashlar-admin-dashboard',
  environment: readEnvironment(),
})
