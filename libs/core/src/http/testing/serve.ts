import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import { Writable } from 'node:stream'
import type { Pool } from 'pg'
import { z } from 'zod'
import type { Cache } from '../../cache/index.ts'
import { defineError, type ErrorFactory } from '../../errors/index.ts'
import { createLogger } from '../../logging/index.ts'
import type { RateLimits } from '../../rate-limit/index.ts'
import { createMetrics } from '../../telemetry/index.ts'
import {
  createHealth,
  createHttpApp,
  createHttpServer,
  createRoutes,
  ResourceId,
  type Guard,
  type HealthCheck,
  type Routes,
} from '../index.ts'

export const problemBaseUrl = 'https://api.test/problems'

export const stoneTaken = defineError({
  kind: 'conflict',
  code: 'stones.taken',
  title: 'Stone taken',
  detail: 'Another wall uses this stone.',
  help: 'Take another.',
})

const unknownMason = defineError({
  kind: 'unauthenticated',
  code: 'stones.unknown_mason',
  title: 'Unknown mason',
  detail: 'A mason is needed.',
  help: 'Send "Authorization: Bearer mason".',
})

const mason: Guard<{ mason: string }> = {
  name: 'mason',
  security: 'bearer',
  errors: [unknownMason],
  async authenticate(request) {
    const [, name] = /^Bearer (mason|apprentice)$/.exec(request.get('authorization') ?? '') ?? []
    if (!name) throw unknownMason()
    return { mason: name }
  },
  identify: ({ mason }) => mason,
}

const Stone = z.object({ id: z.int(), name: z.string() }).meta({ id: 'Stone' })

const NewStone = z
  .strictObject({
    name: z.string().min(1).max(50),
    weight: z.number().max(1_000).optional(),
    tags: z.array(z.string()).optional(),
    cut: z.strictObject({ by: z.string() }).optional(),
  })
  .meta({ id: 'NewStone', example: { name: 'granite' } })

const LogIn = z.strictObject({ email: z.string() })
const LogInForm = z
  .strictObject({ username: z.string() })
  .transform(({ username }) => ({ email: username }))

/** Routes that use every part of a contract. */
export function stoneRoutes(): Routes {
  const routes = createRoutes({ prefix: '/stones', tag: 'Stones' })
  routes.post(
    '/',
    {
      summary: 'Cut a stone',
      body: NewStone,
      response: Stone,
      status: 201,
      location: ({ id }) => `/stones/${id}`,
      errors: [stoneTaken],
    },
    ({ body }) => {
      if (body.name === 'taken') throw stoneTaken()
      return { id: 1, secret: 'hidden', ...body }
    },
  )
  routes.get(
    '/',
    {
      summary: 'List',
      query: z.strictObject({ like: z.string().optional() }),
      response: z.object({ like: z.string().optional() }),
    },
    ({ query }) => query,
  )
  routes.get(
    '/:id',
    { summary: 'Read a stone', params: z.strictObject({ id: ResourceId }), response: Stone },
    ({ params }) => ({ id: params.id, name: 'granite', password: 'hidden' }),
  )
  routes.patch(
    '/:id',
    {
      summary: 'Rename a stone',
      guard: mason,
      policy: (caller) => caller.mason === 'mason',
      params: z.strictObject({ id: ResourceId }),
      headers: z.object({ 'if-match': z.string().max(5).optional() }),
      body: NewStone,
      response: z.object({ by: z.string(), name: z.string() }),
    },
    ({ mason: by, body }) => ({ by, name: body.name }),
  )
  routes.delete(
    '/:id',
    { summary: 'Break a stone', params: z.strictObject({ id: ResourceId }) },
    () => undefined,
  )
  routes.post(
    '/login',
    {
      summary: 'Log in',
      body: { json: LogIn, form: LogInForm },
      response: z.object({ email: z.string() }),
      envelope: false,
      noStore: true,
      tokenEndpoint: true,
    },
    ({ body }) => body,
  )
  routes.get('/defect/throws', { summary: 'Throws' }, () => {
    throw new Error('SELECT secret FROM stones')
  })
  routes.get('/defect/misfits', { summary: 'Misfits', response: Stone }, () => ({
    id: 'not a number' as unknown as number,
    name: 'hidden value',
  }))
  routes.get('/slow/answer', { summary: 'Slow', response: z.literal('done') }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 300))
    return 'done' as const
  })
  return routes
}

interface ServeOptions {
  routes?: readonly Routes[]
  errors?: readonly ErrorFactory[]
  checks?: readonly HealthCheck[]
  corsOrigins?: string[]
  trustProxy?: number
  appEnv?: 'testing' | 'production'
  database?: { pool: Pool }
  rateLimits?: RateLimits
  cache?: Cache
  headersTimeoutMs?: number
  requestTimeoutMs?: number
  connectionsPerAddress?: number
  lingerMs?: number
}

/** A listening server of its own, with what it logged and measured. */
export async function serve({
  routes = [stoneRoutes()],
  errors = [stoneTaken, unknownMason],
  checks = [],
  corsOrigins = [],
  trustProxy = 0,
  appEnv = 'testing',
  database,
  rateLimits,
  cache,
  ...timeouts
}: ServeOptions = {}) {
  const lines: Record<string, unknown>[] = []
  const destination = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(JSON.parse(line.toString()) as Record<string, unknown>)
      done()
    },
  })
  const log = createLogger({ name: 'test', config: { logLevel: 'info' }, destination })
  const metrics = createMetrics({ process: 'test' })
  const health = createHealth({ checks, problemBaseUrl, maxAgeMs: 50, timeoutMs: 100 })
  const app = createHttpApp({
    routes,
    errors,
    config: { appEnv, appName: 'Ashlar', trustProxy, corsOrigins, problemBaseUrl },
    log,
    health,
    metrics,
    database,
    rateLimits,
    cache,
  })
  let requests = 0
  const counted: RequestListener = (request, response) => {
    requests += 1
    app(request, response)
  }
  const server = createHttpServer({
    app: counted,
    port: 0,
    problemBaseUrl,
    log,
    health,
    ...timeouts,
  })
  await server.start()
  const port = server.port()
  return {
    server,
    port,
    url: `http://127.0.0.1:${port}`,
    lines,
    metrics,
    health,
    /** How many requests have come. */
    requests: () => requests,
    stop: (graceMs = 2_000) => server.stop(AbortSignal.timeout(graceMs)),
  }
}

export interface RawAnswer {
  status: number
  headers: Record<string, string>
  body: string
  closed: boolean
}

/** Sends bytes as they are and reads one answer, as no HTTP client would. */
export function sendRaw(port: number, bytes: string | Buffer, waitMs = 3_000): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    let closed = false
    const timer = setTimeout(finish, waitMs)
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (isWhole(received)) setTimeout(finish, 100)
    })
    socket.on('close', () => {
      closed = true
      finish()
    })
    socket.on('error', () => undefined)
    socket.write(bytes)

    function finish() {
      clearTimeout(timer)
      socket.destroy()
      const [head = '', body = ''] = received.split('\r\n\r\n', 2)
      const [statusLine = '', ...fields] = head.split('\r\n')
      const status = Number(statusLine.split(' ')[1])
      if (!status) return reject(new Error(`no answer, but ${JSON.stringify(received)}`))
      const headers = Object.fromEntries(
        fields.map((field) => {
          const colon = field.indexOf(':')
          return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
        }),
      )
      resolve({ status, headers, body, closed })
    }
  })
}

const isWhole = (received: string): boolean => {
  const length = /content-length: (\d+)/i.exec(received)?.[1]
  const end = received.indexOf('\r\n\r\n')
  return length !== undefined && end !== -1 && received.length >= end + 4 + Number(length)
}
