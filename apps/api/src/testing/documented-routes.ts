import type { TestApi } from './serve-api.ts'

/** As much of a JSON schema as requests are made of. */
export interface Schema {
  type?: string
  enum?: unknown[]
  const?: unknown
  minLength?: number
  maxLength?: number
  properties?: Record<string, Schema>
  required?: string[]
  $ref?: string
}

interface Parameter {
  in: string
  name: string
  schema: Schema
}

interface Operation {
  operationId: string
  security: object[]
  parameters: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { examples?: object }> }>
}

interface ApiDocument {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

/** One operation of the API document. */
export interface DocumentedRoute {
  name: string
  method: string
  /** As in the document: `/api/v1/users/{id}`. */
  template: string
  /** With `1` for each parameter. */
  path: string
  /** All of this path. */
  methods: string[]
  guarded: boolean
  operation: Operation
  /** The members of its body, by content type. */
  bodies: Record<string, Schema>
  /** The codes of the problems that it may answer. */
  problems: string[]
}

/** Every operation of the API document. */
export async function readRoutes(api: Pick<TestApi, 'ask'>): Promise<DocumentedRoute[]> {
  const { text } = await api.ask('GET', '/openapi.json')
  const { paths, components } = JSON.parse(text) as ApiDocument
  return Object.entries(paths).flatMap(([template, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      name: `${method} ${template}`,
      method: method.toUpperCase(),
      template,
      path: template.replace(/\{\w+\}/g, '1'),
      methods: Object.keys(operations).map((name) => name.toUpperCase()),
      guarded: operation.security.length > 0,
      operation,
      bodies: bodiesOf(operation),
      problems: problemsOf(operation),
    })),
  )

  function bodiesOf({ requestBody }: Operation): Record<string, Schema> {
    const content = Object.entries(requestBody?.content ?? {})
    return Object.fromEntries(content.map(([type, { schema }]) => [type, resolve(schema)]))
  }

  function resolve(given: Schema): Schema {
    const name = given.$ref?.split('/').at(-1) ?? ''
    const schema = components.schemas[name] ?? given
    const members = Object.entries(schema.properties ?? {})
    return {
      ...schema,
      properties: Object.fromEntries(members.map(([name, member]) => [name, resolve(member)])),
    }
  }
}

const problemsOf = ({ responses }: Operation): string[] =>
  Object.values(responses).flatMap(({ content }) =>
    Object.keys(content?.['application/problem+json']?.examples ?? {}),
  )

/** Asks it of some routes, and names the one at which it fails. */
export async function forEach(
  some: readonly DocumentedRoute[],
  check: (route: DocumentedRoute) => Promise<unknown>,
): Promise<void> {
  expect(some.length).toBeGreaterThan(0)
  for (const route of some)
    await check(route).catch((error: unknown) => {
      throw new Error(`${route.name}: ${(error as Error).message}`, { cause: error })
    })
}
