import express, { type Express } from 'express'
import type { CoreConfig } from '../config/index.ts'
import type { Logger } from '../logging/index.ts'
import { checkRequest } from './request-checks.ts'
import { identifyRequest } from './request-id.ts'
import { logRequests } from './request-log.ts'
import { measureRequests, type HttpMetrics } from './request-metrics.ts'
import { crossOrigin, securityHeaders } from './security-headers.ts'

export interface BaseAppDeps {
  config: Pick<CoreConfig, 'trustProxy' | 'corsOrigins'>
  /** Gets a line for each request; without it there is none. */
  log?: Logger
  /** Without them no request is counted and timed. */
  metrics?: HttpMetrics
}

/** An Express application that names, measures, logs and checks its requests, and serves nothing yet. */
export function createBaseApp({ config, log, metrics }: BaseAppDeps): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('case sensitive routing')
  app.enable('strict routing')
  app.set('query parser', false)
  app.set('trust proxy', config.trustProxy)

  app.use(identifyRequest)
  if (metrics) app.use(measureRequests(metrics))
  if (log) app.use(logRequests(log))
  app.use(securityHeaders())
  app.use(crossOrigin(config.corsOrigins))
  app.use(checkRequest)
  return app
}
