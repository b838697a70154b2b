import type { Request, Response } from 'express'
import { matchesWeakly } from './etag.ts'
import type { KeptAnswer } from '../idempotency/index.ts'
import { send } from './problem.ts'

/** What a route answers: whole, and ready to be sent, kept or repeated. */
export type Answer = KeptAnswer

/** Sends an answer, or 304 to whoever has it already (RFC 9110 §13.1.2). */
export function sendAnswer(request: Request, response: Response, answer: Answer): void {
  response.set(answer.headers)
  if (isKnown(request, answer)) response.status(304).end()
  else if (answer.body === undefined) response.status(answer.status).end()
  else send(response, answer.status, 'application/json', answer.body)
}

function isKnown(request: Request, { headers: { ETag: etag } }: Answer): boolean {
  const known = request.get('if-none-match')
  const reads = request.method === 'GET' || request.method === 'HEAD'
  return reads && etag !== undefined && known !== undefined && matchesWeakly(known, etag)
}
