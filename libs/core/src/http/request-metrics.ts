import type { RequestHandler } from 'express'
import type { Metrics } from '../telemetry/index.ts'
import { routeOf, statusSent } from './request-log.ts'

export type HttpMetrics = Pick<Metrics, 'httpRequestDuration' | 'httpRequestsInFlight'>

/** Counts and times requests by route template, so that a client cannot make up new series. */
export function measureRequests(metrics: HttpMetrics): RequestHandler {
  return (request, response, next) => {
    const end = metrics.httpRequestDuration.startTimer()
    metrics.httpRequestsInFlight.inc()
    response.once('close', () => {
      metrics.httpRequestsInFlight.dec()
      const route = routeOf(request) ?? 'unmatched'
      end({ method: request.method, route, status: statusSent(response) })
    })
    next()
  }
}
