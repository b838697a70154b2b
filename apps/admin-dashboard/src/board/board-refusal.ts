import type { ErrorResponseBody } from '@bull-board/api/typings/app'
import type { ErrorRequestHandler } from 'express'
import { dependencyUnavailable, jobRefused, notFound, type AppError } from '@ashlar/core/errors'
import { forbidden, pointerTo, toAppError, validationFailed } from '@ashlar/core/http'
import type { BoardRoute } from './board.ts'

export const isRefusal = (body: unknown): body is ErrorResponseBody =>
  typeof body === 'object' && body !== null && 'error' in body

/** What Bull-Board refuses, as a problem that still has the members which its page reads. */
export function refusalOf(status: number | undefined, body: ErrorResponseBody): AppError {
  const { key, options } = typeof body.error === 'string' ? { key: body.error } : body.error
  const detail = sentenceOf(key)
  const extensions = { ...body }
  if (key.startsWith('ERRORS.INVALID_')) {
    const part = key === 'ERRORS.INVALID_QUERY_PARAM' ? 'query' : 'body'
    const field = options?.['field'] === undefined ? [] : String(options['field']).split('.')
    return validationFailed({
      extensions,
      errors: [{ pointer: pointerTo(part, field), code: 'invalid_value', detail }],
    })
  }
  if (status === 404) return notFound({ detail, extensions })
  if (status === 403) return forbidden({ detail, extensions })
  return jobRefused({ detail, extensions })
}

/** `ERRORS.JOB_NOT_FOUND` is "Job not found." */
function sentenceOf(key: string): string {
  const words = key.replace('ERRORS.', '').replaceAll('_', ' ').toLowerCase()
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}

/** What BullMQ throws while Redis answers. */
export function failureOf(cause: unknown, { spec }: BoardRoute): unknown {
  if (!(cause instanceof Error)) return cause
  if (cause.name === 'ReplyError') return dependencyUnavailable({ cause })
  // The scripts of BullMQ have negative codes for what the state of a job does not allow.
  if ('code' in cause && Number(cause.code) < 0) return jobRefused({ cause })
  if (spec.body !== 'AddJobBody') return cause
  // It holds the options of a new job against rules of its own, and has no code for them.
  const detail = 'The queue does not take these options.'
  const fault = { pointer: '/body/options', code: 'invalid_value', detail }
  return validationFailed({ cause, errors: [fault] })
}

/** Bull-Board's page shows its user the member `error`, so every problem of its API has one. */
export const tellPage: ErrorRequestHandler = (thrown: unknown, _request, _response, next) => {
  const error = toAppError(thrown)
  const shown = error.errors?.[0]?.detail ?? error.message
  next(Object.assign(error, { extensions: { error: shown, ...error.extensions } }))
}
