import { z } from 'zod'
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOverrideContext,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiRequestBodyObject,
  type ZodOpenApiSecuritySchemeObject,
} from 'zod-openapi'
import type { BodyContract, Route } from './contract.ts'
import { Problem, responsesOf } from './openapi-responses.ts'
import type { ProblemCatalogue } from './problem-catalogue.ts'

type JsonSchema = ZodOpenApiOverrideContext['jsonSchema']

export interface ApiDocumentDeps {
  appName: string
  routes: readonly Route[]
  catalogue: ProblemCatalogue
  /** Where the OAuth 2 password form goes, if a module takes it. */
  tokenPath?: string | undefined
}

/** The OpenAPI 3.1 document of all declared routes, with the whole problem catalogue under `x-problems`. */
export function describeApi({
  appName,
  routes,
  catalogue,
  tokenPath,
}: ApiDocumentDeps): ReturnType<typeof createDocument> {
  const document: ZodOpenApiObject = {
    openapi: '3.1.1',
    info: {
      title: `${appName} API`,
      version: '1.0.0',
      description:
        'Failures are problem details (RFC 9457). Every `type` leads to a page that tells what happened and what to do; `x-problems` lists all.',
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths: pathsOf(routes, tokenPath === undefined ? ['bearer'] : ['bearer', 'password']),
    components: {
      schemas: { Problem },
      securitySchemes: securitySchemes(tokenPath),
    },
    'x-problems': [...catalogue.values()],
  }
  return createDocument(document, { override: ({ jsonSchema }) => leaveOutTheObvious(jsonSchema) })
}

/** Zod writes how it checks a format and a whole number; a reader has the format's name, and no use for the rest. */
function leaveOutTheObvious(schema: JsonSchema): void {
  if (schema.format !== undefined) delete schema.pattern
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
}

function securitySchemes(
  tokenPath: string | undefined,
): Record<string, ZodOpenApiSecuritySchemeObject> {
  if (tokenPath === undefined) return { bearer }
  return { bearer, password: passwordFlow(tokenPath) }
}

const bearer = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: 'The access_token of a log-in.',
} as const

const passwordFlow = (tokenUrl: string) =>
  ({
    type: 'oauth2',
    description: 'Logs in with e-mail (as username) and password.',
    flows: { password: { tokenUrl, scopes: {} } },
  }) as const

function pathsOf(routes: readonly Route[], schemes: readonly string[]): ZodOpenApiPathsObject {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {}
  for (const route of routes)
    (paths[templateOf(route)] ??= {})[route.method] = operationOf(route, schemes)
  return paths
}

/** `/users/:id` is `/users/{id}` in OpenAPI. */
const templateOf = ({ path }: Route): string => path.replace(/:(\w+)/g, '{$1}')

function operationOf(route: Route, schemes: readonly string[]): ZodOpenApiOperationObject {
  const { contract, tag } = route
  const { params, query, headers } = contract
  return {
    operationId: operationIdOf(route),
    tags: [tag],
    summary: contract.summary,
    ...(contract.description === undefined ? {} : { description: contract.description }),
    security: contract.guard ? schemes.map((name) => ({ [name]: [] })) : [],
    requestParams: {
      ...(params ? { path: params } : {}),
      ...(query ? { query } : {}),
      ...(headers ? { header: headers } : {}),
    },
    ...(contract.body ? { requestBody: requestBodyOf(contract.body) } : {}),
    responses: responsesOf(route),
  }
}

/** `POST /api/v1/auth/refresh-token` is `postAuthRefreshToken`, `GET /api/v1/users/:id` is `getUsersById`. */
function operationIdOf({ method, path, base }: Route): string {
  const words = path
    .slice(base.length)
    .replaceAll('/:', '-by-')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
  return method + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')
}

function requestBodyOf(body: BodyContract): ZodOpenApiRequestBodyObject {
  const { json, form } = body instanceof z.ZodType ? { json: body, form: undefined } : body
  return {
    required: true,
    content: {
      ...(json ? { 'application/json': { schema: json } } : {}),
      ...(form ? { 'application/x-www-form-urlencoded': { schema: form } } : {}),
    },
  }
}
