import type { Express } from 'express'
import type { CoreConfig } from '../config/index.ts'
import { notFound } from '../errors/index.ts'
import type { Logger } from '../logging/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { createBaseApp } from './base-app.ts'
import type { Health } from './health.ts'
import { mountHealth } from './health-routes.ts'
import { mountPath } from './mount.ts'
import { createProblemWriter } from './problem-writer.ts'
import { send } from './problem.ts'

export interface ManagementAppDeps {
  config: Pick<CoreConfig, 'trustProxy' | 'problemBaseUrl'>
  health: Health
  metrics: Pick<Metrics, 'registry'>
  log: Logger
}

/**
 * The Express application of the management port, which stays inside the cluster: metrics and health. What is asked there is neither limited,
 * counted nor logged.
 *
 * @example
 * const app = createManagementApp({ config, health, metrics, log })
 * lifecycle.add(createHttpServer({ app, port: 9464, problemBaseUrl, log }))
 */
export function createManagementApp({
  config: { trustProxy, problemBaseUrl },
  health,
  metrics: { registry },
  log,
}: ManagementAppDeps): Express {
  const app = createBaseApp({ config: { trustProxy, corsOrigins: [] } })
  mountHealth(app, health)
  mountPath(app, '/metrics', {
    get: async (_request, response) => {
      const text = await registry.metrics()
      response.set('Cache-Control', 'no-store')
      send(response, 200, registry.contentType, text)
    },
  })
  app.use(() => {
    throw notFound()
  })
  app.use(createProblemWriter({ problemBaseUrl, log }))
  return app
}
