import { z } from 'zod'
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi'
import {
  databaseContention,
  databaseTimeout,
  databaseUnavailable,
  dependencyUnavailable,
  internalError,
  notFound,
  statusOf,
  type ErrorFactory,
} from '../errors/index.ts'
import { rateLimited } from '../rate-limit/index.ts'
import type { AnyContract, Route } from './contract.ts'
import {
  addressTooLong,
  bodyTooLarge,
  duplicateKey,
  duplicateParameter,
  forbidden,
  headersTooLarge,
  idempotencyInFlight,
  malformedCoding,
  malformedJson,
  malformedRequest,
  malformedText,
  memberNameTooLong,
  nestedTooDeep,
  preconditionFailed,
  preconditionRequired,
  requestTimeout,
  unsupportedMediaType,
  validationFailed,
} from './errors.ts'
import { listAnswer } from './list-route.ts'
import type { CatalogueEntry, ProblemCatalogue } from './problem-catalogue.ts'
import { ResourceId } from './resource-id.ts'
import { answerHeadersOf, notModifiedAnswer, problemHeadersOf } from './openapi-headers.ts'

/** RFC 9457 problem details, as every failure is answered. */
export const Problem = z
  .object({
    type: z.url().meta({ description: 'Leads to a page that tells what happened and what to do.' }),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: 'Stable, for programs.' }),
    detail: z.string(),
    instance: z.string().optional().meta({ description: 'Path of the request.' }),
    requestId: z.string().meta({ description: 'Finds the request in the logs.' }),
    outcome: z.literal('unknown').optional().meta({
      description:
        'Only with status 503: a change was sent to the database and not confirmed, and may have happened.',
    }),
    errors: z
      .array(
        z.object({
          pointer: z.string().max(256).meta({
            description:
              'JSON pointer into /body, /query, /params or /headers. A name of more than 64 characters is cut, and `…` stands for the rest.',
          }),
          code: z.string(),
          detail: z.string(),
          position: z.int().optional(),
        }),
      )
      .max(100)
      .optional()
      .meta({ description: 'One entry for each of the first faults; only with status 422.' }),
  })
  .meta({ id: 'Problem' })
type Problem = z.infer<typeof Problem>

/** The answer of a route, and its problems grouped by status. */
export function responsesOf(route: Route): ZodOpenApiResponsesObject {
  const { contract, method } = route
  const status = contract.redirect ? 302 : (contract.status ?? (contract.response ? 200 : 204))
  const problems = Map.groupBy(problemsOf(route), ({ kind }) => String(statusOf(kind)))
  return {
    [String(status)]: answerOf(contract, status),
    ...(contract.etag && method === 'get' ? { '304': notModifiedAnswer } : {}),
    ...Object.fromEntries(
      [...problems].map(([code, errors]) => [code, problemAnswer(errors, contract)]),
    ),
  }
}

const descriptions: Record<number, string> = {
  200: 'Done.',
  201: 'Created.',
  202: 'Accepted; done later.',
  204: 'Done; nothing to say.',
  302: 'Go on at the address that Location names.',
}

function answerOf(contract: AnyContract, status: number): ZodOpenApiResponseObject {
  const { response } = contract
  const headers = answerHeadersOf(contract)
  const description = descriptions[status] ?? 'Done.'
  if (!response || contract.redirect) return { description, headers }
  const schema = contract.list
    ? listAnswer(response)
    : contract.envelope === false
      ? response
      : z.object({ data: response })
  return { description, headers, content: { 'application/json': { schema } } }
}

const takesResourceId = ({ params }: AnyContract): boolean =>
  Object.values(params?.shape ?? {}).includes(ResourceId)

/** What the route declares, what its guard does, and what any request of its form may meet. */
export function problemsOf({ contract }: Route): ErrorFactory[] {
  const problems = [
    malformedRequest,
    malformedText,
    duplicateParameter,
    ...(contract.body
      ? [
          malformedCoding,
          malformedJson,
          duplicateKey,
          nestedTooDeep,
          memberNameTooLong,
          requestTimeout,
          bodyTooLarge,
        ]
      : []),
    unsupportedMediaType,
    ...(contract.guard?.errors ?? []),
    ...(contract.policy ? [forbidden] : []),
    ...(takesResourceId(contract) ? [notFound] : []),
    ...(contract.idempotent ? [idempotencyInFlight, dependencyUnavailable] : []),
    ...(contract.ifMatch ? [preconditionFailed] : []),
    ...(contract.ifMatch === 'required' ? [preconditionRequired] : []),
    ...(contract.limit === false ? [] : [rateLimited]),
    addressTooLong,
    validationFailed,
    headersTooLarge,
    ...(contract.errors ?? []),
    internalError,
    databaseUnavailable,
    databaseTimeout,
    databaseContention,
  ]
  return [...new Set(problems)].sort((a, b) => statusOf(a.kind) - statusOf(b.kind))
}

function problemAnswer(
  errors: readonly ErrorFactory[],
  contract: AnyContract,
): ZodOpenApiResponseObject {
  return {
    description: errors.map(({ code, title }) => `${title} (\`${code}\`)`).join('; '),
    headers: problemHeadersOf(errors, contract),
    content: {
      'application/problem+json': {
        schema: Problem,
        examples: Object.fromEntries(
          errors.map(({ code }) => [code, { $ref: `#/components/examples/${code}` }]),
        ),
      },
    },
  }
}

/** One example for each problem, to which the answers of all routes refer. */
export const problemExamples = (catalogue: ProblemCatalogue) =>
  Object.fromEntries(
    [...catalogue.values()].map((entry) => [
      entry.code,
      { summary: entry.title, value: exampleOf(entry) },
    ]),
  )

const exampleOf = ({ type, title, status, code, detail }: CatalogueEntry): Problem => ({
  type,
  title,
  status,
  code,
  detail,
  requestId: '0198c0de-0000-7000-8000-000000000000',
  ...(status === 422
    ? {
        errors: [
          { pointer: '/body/email', code: 'invalid_format', detail: 'Must be an e-mail address' },
        ],
      }
    : {}),
})
