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
import { headerFieldsOf } from './header-fields.ts'
import { headerFields } from './openapi-headers.ts'
import { Problem, problemExamples, responsesOf } from './openapi-responses.ts'
import type { ProblemCatalogue } from './problem-catalogue.ts'

type JsonSchema = ZodOpenApiOverrideContext['jsonSchema']

export interface ApiDocumentDeps {
  appName: string
  routes: readonly Route[]
  catalogue: ProblemCatalogue
}

/**
 * The OpenAPI 3.1 document of all declared routes, with the whole problem catalogue under `x-problems`.
 *
 * @example
 * const catalogue = createCatalogue(problemBaseUrl, [stoneTaken])
 * const document = describeApi({ appName: 'Ashlar', routes: stoneRoutes.list, catalogue })
 */
export function describeApi({
  appName,
  routes,
  catalogue,
}: ApiDocumentDeps): ReturnType<typeof createDocument> {
  const tokenPath = routes.find(({ contract }) => contract.tokenEndpoint)?.path
  const document: ZodOpenApiObject = {
    openapi: '3.1.1',
    info: {
      title: `${appName} API`,
      version: '1.0.0',
      description:
        'Failures are problem details (RFC 9457). Every `type` leads to a page that tells what happened and what to do; `x-problems` lists all.',
    },
    servers: [{ url: '/' }],
    tags: tagsOf(routes),
    paths: pathsOf(routes, tokenPath === undefined ? ['bearer'] : ['bearer', 'password']),
    components: {
      schemas: { Problem },
      headers: headerFields,
      examples: problemExamples(catalogue),
      securitySchemes: securitySchemes(tokenPath),
    },
    'x-problems': [...catalogue.values()],
  }
  return createDocument(document, { override: describeForReaders })
}

function describeForReaders({ jsonSchema, zodSchema, io }: ZodOpenApiOverrideContext): void {
  leaveOutTheObvious(jsonSchema, io)
  if (zodSchema._zod.def.type === 'date')
    Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
}

/**
 * Zod writes how it checks a format and a whole number; a reader has the format's name, and no use
 * for the rest. The bounds of a whole number matter where a request may break them.
 */
function leaveOutTheObvious(schema: JsonSchema, io: ZodOpenApiOverrideContext['io']): void {
  if (schema.format !== undefined) delete schema.pattern
  if (io === 'input') return
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
}

/** In the order in which the modules declare them. The first description of a tag counts. */
function tagsOf(routes: readonly Route[]) {
  const described = Map.groupBy(routes, ({ tag }) => tag)
  return [...described].map(([name, [first]]) => ({
    name,
    ...(first?.tagDescription === undefined ? {} : { description: first.tagDescription }),
  }))
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
  const { params } = contract
  const query = contract.list?.query ?? contract.query
  const headers = headerFieldsOf(contract)
  return {
    operationId: operationIdOf(route),
    tags: [tag],
    summary: contract.summary,
    ...(contract.description === undefined ? {} : { description: contract.description }),
    security: contract.guard ? schemes.map((name) => ({ [name]: [] })) : [],
    requestParams: {
      ...(params ? { path: params } : {}),
      ...(query ? { query } : {}),
      ...(Object.keys(headers.shape).length > 0 ? { header: headers } : {}),
    },
    ...(contract.body ? { requestBody: requestBodyOf(contract.body) } : {}),
    responses: responsesOf(route),
  }
}

/** `POST /api/v1/auth/refresh-token` is `postAuthRefreshToken`, `GET /api/v2/users/:id` is `getV2UsersById`. */
function operationIdOf({ method, path }: Route): string {
  const words = path
    .replace(/^\/api(\/v1(?=\/|$))?/, '')
    .replaceAll('/:', '-by-')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
  return method + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')
}

function requestBodyOf(body: BodyContract): ZodOpenApiRequestBodyObject {
  const { json, form } = body instanceof z.ZodType ? { json: body, form: undefined } : body
  return {
    // An absent body counts as an empty object.
    required: !(json ?? form)?.safeParse({}).success,
    content: {
      ...(json ? { 'application/json': { schema: json } } : {}),
      ...(form ? { 'application/x-www-form-urlencoded': { schema: form } } : {}),
    },
  }
}
