import type { Express, RequestHandler, Response } from 'express'
import type { Health, HealthAnswer } from './health.ts'
import { mountPath } from './mount.ts'
import { refuseParameters } from './parse-input.ts'
import { problemType, send } from './problem.ts'
import { requestIdOf } from './request-id.ts'
import { pathOf } from './request-target.ts'

/** Serves `/health/live` and `/health/ready`. */
export function mountHealth(app: Express, health: Health): void {
  mountPath(app, '/health/live', { get: answerWith(() => health.live()) })
  mountPath(app, '/health/ready', { get: answerWith(() => health.ready()) })
}

const answerWith =
  (ask: () => HealthAnswer | Promise<HealthAnswer>): RequestHandler =>
  async (request, response) => {
    refuseParameters(request)
    const answer = await ask()
    response.set('Cache-Control', 'no-store')
    if (answer.status === 200) return sendJson(response, answer)
    response.set('Retry-After', '1')
    const occurrence = { instance: pathOf(request), requestId: requestIdOf(request) }
    send(response, answer.status, problemType, JSON.stringify({ ...answer.body, ...occurrence }))
  }

const sendJson = (response: Response, { status, body }: HealthAnswer): void =>
  send(response, status, 'application/json', JSON.stringify(body))
