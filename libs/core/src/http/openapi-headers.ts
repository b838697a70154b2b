import type { ZodOpenApiHeadersObject, ZodOpenApiResponseObject } from 'zod-openapi'
import { statusOf, type ErrorFactory } from '../errors/index.ts'
import type { AnyContract } from './contract.ts'
import { idempotencyInFlight } from './errors.ts'

const text = (description: string, example: string) => ({
  description,
  schema: { type: 'string' as const, examples: [example] },
})

/** Header fields of answers, each described once. */
export const headerFields = {
  'X-Request-Id': text('Finds the request in the logs.', '0198c0de-0000-7000-8000-000000000000'),
  'Cache-Control': text('Who may keep the answer.', 'private, no-cache'),
  ETag: text('Names this version of the answer.', '"7"'),
  'Idempotency-Replayed': text(
    'There if this is the answer to the first request with the Idempotency-Key.',
    'true',
  ),
  Link: text(
    'Other pages, by their relation: first, prev, next, last (RFC 8288).',
    '</api/v1/users?page=2>; rel="next"',
  ),
  Location: text('Path of what was created.', '/api/v1/users/1'),
  'Retry-After': {
    description: 'Seconds until a repeat can help.',
    schema: { type: 'integer' as const, minimum: 0 },
  },
  'WWW-Authenticate': text('How to prove who asks (RFC 6750).', 'Bearer'),
} satisfies ZodOpenApiHeadersObject

type HeaderField = keyof typeof headerFields

const refer = (
  ...fields: readonly (readonly [HeaderField, unknown])[]
): Record<string, { $ref: string }> =>
  Object.fromEntries(
    fields
      .filter(([, present]) => present)
      .map(([name]) => [name, { $ref: `#/components/headers/${name}` }]),
  )

/** Header fields of what a route answers when all is well. */
export const answerHeadersOf = (contract: AnyContract): ZodOpenApiHeadersObject =>
  refer(
    ['X-Request-Id', true],
    ['Cache-Control', contract.guard || contract.noStore],
    ['Location', contract.location],
    ['Link', contract.list],
    ['ETag', contract.etag],
    ['Idempotency-Replayed', contract.idempotent],
  )

export const notModifiedAnswer: ZodOpenApiResponseObject = {
  description: 'The copy that If-None-Match names is still right.',
  headers: refer(['X-Request-Id', true], ['ETag', true]),
}

/** Header fields of problems that share a status. */
export const problemHeadersOf = (errors: readonly ErrorFactory[]): ZodOpenApiHeadersObject =>
  refer(
    ['X-Request-Id', true],
    ['WWW-Authenticate', errors.some(({ kind }) => kind === 'unauthenticated')],
    ['Retry-After', errors.some(asksToWait)],
  )

const asksToWait = (error: ErrorFactory): boolean =>
  [429, 503].includes(statusOf(error.kind)) || error === idempotencyInFlight
