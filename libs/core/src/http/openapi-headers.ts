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
  Location: text('Path of what was created, or where to go on.', '/api/v1/users/1'),
  RateLimit: text(
    'What is left of each limit, and for how many seconds.',
    '"default"; r=299; t=60',
  ),
  'RateLimit-Policy': text(
    'Each limit, and for how many seconds it counts.',
    '"default"; q=300; w=60; pk=:MTJkY2EwMzY2NzE0:',
  ),
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

const limitFields = ({ limit }: AnyContract) =>
  [
    ['RateLimit', limit !== false],
    ['RateLimit-Policy', limit !== false],
  ] as const

/** Header fields of what a route answers when all is well. */
export const answerHeadersOf = (contract: AnyContract): ZodOpenApiHeadersObject =>
  refer(
    ['X-Request-Id', true],
    ...limitFields(contract),
    [
      'Cache-Control',
      contract.guard || contract.noStore || contract.cache || contract.maxAgeSeconds,
    ],
    ['Location', contract.location ?? contract.redirect],
    ['Link', contract.list],
    ['ETag', contract.etag],
    ['Idempotency-Replayed', contract.idempotent],
  )

export const notModifiedAnswer: ZodOpenApiResponseObject = {
  description: 'The copy that If-None-Match names is still right.',
  headers: refer(['X-Request-Id', true], ['ETag', true]),
}

/** Header fields of problems that share a status. */
export const problemHeadersOf = (
  errors: readonly ErrorFactory[],
  contract: AnyContract,
): ZodOpenApiHeadersObject =>
  refer(
    ['X-Request-Id', true],
    ...(errors.some(isLate) ? limitFields(contract) : []),
    ['WWW-Authenticate', errors.some(({ kind }) => kind === 'unauthenticated')],
    ['Retry-After', errors.some(asksToWait)],
  )

/** Comes when the request was counted. */
const isLate = ({ kind }: ErrorFactory): boolean =>
  [401, 403, 409, 422, 429].includes(statusOf(kind))

const asksToWait = (error: ErrorFactory): boolean =>
  [429, 503].includes(statusOf(error.kind)) || error === idempotencyInFlight
