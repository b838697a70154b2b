import { AppError, type ErrorKind } from './app-error.ts'

const statusByKind: Record<ErrorKind, number> = {
  malformed: 400,
  invalid: 422,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  timeout: 408,
  conflict: 409,
  precondition_failed: 412,
  precondition_required: 428,
  too_large: 413,
  address_too_long: 414,
  headers_too_large: 431,
  unsupported: 415,
  rate_limited: 429,
  unavailable: 503,
  internal: 500,
}

/** The HTTP status of a failure. */
export const statusOf = (kind: ErrorKind): number => statusByKind[kind]

/** Whether something that this process needs is away or too busy, which is no defect. */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof AppError && error.kind === 'unavailable'

/** A repeat can only help where the world may change in between; a wrong input stays wrong. */
export const isRetryable = (error: unknown): boolean =>
  !(error instanceof AppError) ||
  ['unavailable', 'internal', 'timeout', 'rate_limited', 'conflict'].includes(error.kind)
