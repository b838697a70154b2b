import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, internalError, notFound, statusOf, type InputFault } from '../errors/index.ts'
import { malformedRequest, preconditionFailed } from './errors.ts'

export const problemType = 'application/problem+json'

/** RFC 9457. */
export interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail: string
  instance?: string
  requestId: string
  errors?: readonly InputFault[]
}

interface Occurrence {
  problemBaseUrl: string
  requestId: string
  /** Path as sent, without the query. */
  instance?: string
}

/** What the caller sees of a failure. */
export function problemOf(
  error: AppError,
  { problemBaseUrl, requestId, instance }: Occurrence,
): Problem {
  const { code, title } = error.definition
  return {
    ...error.extensions,
    type: `${problemBaseUrl}/${code}`,
    title,
    status: statusOf(error.kind),
    code,
    detail: error.message,
    ...(instance === undefined ? {} : { instance }),
    requestId,
    ...(error.errors ? { errors: error.errors } : {}),
  }
}

/** Header fields that belong to a kind of failure, whoever threw it. */
export function problemHeaders(
  error: AppError,
  request?: Pick<IncomingMessage, 'headers'>,
): Record<string, string> {
  return {
    'Content-Type': problemType,
    'Cache-Control': 'no-store',
    ...(error.kind === 'unauthenticated' ? { 'WWW-Authenticate': challenge(request) } : {}),
    ...retryAfter(error),
    ...error.headers,
  }
}

function retryAfter({ kind, retryAfterSeconds }: AppError): Record<string, string> {
  const always = kind === 'unavailable' || kind === 'rate_limited'
  const seconds = retryAfterSeconds ?? (always ? 1 : undefined)
  return seconds === undefined ? {} : { 'Retry-After': String(seconds) }
}

/** RFC 6750 §3: `error` only where a bearer token was sent. */
const challenge = (request: Pick<IncomingMessage, 'headers'> | undefined): string =>
  request && sentBearer(request) ? 'Bearer error="invalid_token"' : 'Bearer'

/** Whether a request says that it has a bearer token, be it an empty one. */
export const sentBearer = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  /^bearer(\s|$)/i.test(headers.authorization ?? '')

/** An error of this code base, whatever was thrown. What Express and its parts refuse carries a status; all else is a defect. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 500
  if (status === 404) return notFound({ cause: error })
  if (status === 412) return preconditionFailed({ cause: error })
  if (status >= 400 && status < 500) return malformedRequest({ cause: error })
  return internalError({ cause: error })
}

/** Sends a finished answer. Node leaves the body out for HEAD. */
export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
) {
  response.statusCode = status
  response.setHeader('Content-Type', type)
  response.setHeader('Content-Length', Buffer.byteLength(body))
  response.end(body)
}
