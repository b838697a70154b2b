import { z } from 'zod'
import type {
  ZodOpenApiHeadersObject,
  ZodOpenApiResponseObject,
  ZodOpenApiResponsesObject,
} from 'zod-openapi'
import {
  databaseTimeout,
  databaseUnavailable,
  internalError,
  notFound,
  statusOf,
  type ErrorFactory,
} from '../errors/index.ts'
import type { AnyContract, Route } from './contract.ts'
import {
  addressTooLong,
  bodyTooLarge,
  duplicateKey,
  duplicateParameter,
  forbidden,
  headersTooLarge,
  malformedJson,
  malformedRequest,
  malformedText,
  nestedTooDeep,
  requestTimeout,
  unsupportedMediaType,
  validationFailed,
} from './errors.ts'

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
    errors: z
      .array(
        z.object({
          pointer: z
            .string()
            .meta({ description: 'JSON pointer into /body, /query, /params or /headers.' }),
          code: z.string(),
          detail: z.string(),
          position: z.int().optional(),
        }),
      )
      .optional()
      .meta({ description: 'One entry for each fault; only with status 422.' }),
  })
  .meta({ id: 'Problem' })

/** The answer of a route, and its problems grouped by status. */
export function responsesOf(route: Route): ZodOpenApiResponsesObject {
  const { contract } = route
  const status = contract.status ?? (contract.response ? 200 : 204)
  const problems = Map.groupBy(problemsOf(route), ({ kind }) => String(statusOf(kind)))
  return {
    [String(status)]: answerOf(contract, status),
    ...Object.fromEntries([...problems].map(([code, errors]) => [code, problemAnswer(errors)])),
  }
}

const requestIdHeader = {
  description: 'Finds the request in the logs.',
  schema: { type: 'string' },
} as const
const locationHeader = {
  description: 'Path of what was created.',
  schema: { type: 'string' },
} as const

const descriptions: Record<number, string> = {
  200: 'Done.',
  201: 'Created.',
  202: 'Accepted; done later.',
  204: 'Done; nothing to say.',
}

function answerOf(contract: AnyContract, status: number): ZodOpenApiResponseObject {
  const { response } = contract
  const headers: ZodOpenApiHeadersObject = { 'X-Request-Id': requestIdHeader }
  if (contract.location) headers['Location'] = locationHeader
  const description = descriptions[status] ?? 'Done.'
  if (!response) return { description, headers }
  const schema = contract.envelope === false ? response : z.object({ data: response })
  return { description, headers, content: { 'application/json': { schema } } }
}

/** What the route declares, what its guard does, and what any request of its form may meet. */
function problemsOf({ contract }: Route): ErrorFactory[] {
  const problems = [
    malformedRequest,
    malformedText,
    duplicateParameter,
    ...(contract.body
      ? [malformedJson, duplicateKey, nestedTooDeep, requestTimeout, bodyTooLarge]
      : []),
    unsupportedMediaType,
    ...(contract.guard?.errors ?? []),
    ...(contract.policy ? [forbidden] : []),
    ...(contract.params ? [notFound] : []),
    addressTooLong,
    validationFailed,
    headersTooLarge,
    ...(contract.errors ?? []),
    internalError,
    databaseUnavailable,
    databaseTimeout,
  ]
  return [...new Set(problems)].sort((a, b) => statusOf(a.kind) - statusOf(b.kind))
}

function problemAnswer(errors: readonly ErrorFactory[]): ZodOpenApiResponseObject {
  return {
    description: errors.map(({ code, title }) => `${title} (\`${code}\`)`).join('; '),
    content: {
      'application/problem+json': {
        schema: Problem,
        examples: Object.fromEntries(
          errors.map((error) => [error.code, { value: exampleOf(error) }]),
        ),
      },
    },
  }
}

const exampleOf = ({ kind, code, title, detail }: ErrorFactory) => ({
  type: `https://api.example.com/problems/${code}`,
  title,
  status: statusOf(kind),
  code,
  detail,
  requestId: '0198c0de-0000-7000-8000-000000000000',
  ...(kind === 'invalid'
    ? {
        errors: [
          { pointer: '/body/email', code: 'invalid_format', detail: 'Must be an e-mail address' },
        ],
      }
    : {}),
})
