// The peer: Fastify with its own plug-ins for tokens, headers and limits, its log, Prometheus metrics and pg, as their documentation shows.
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { fastifyHelmet } from '@fastify/helmet'
import { fastifyJwt } from '@fastify/jwt'
import { fastifyRateLimit } from '@fastify/rate-limit'
import { fastify } from 'fastify'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { Histogram } from 'prom-client'
import { createQueries } from './queries.ts'

const queries = createQueries(
  new Pool({ connectionString: process.env['DATABASE_URL'] ?? '', max: 10 }),
)
const privateKey = createPrivateKey({
  key: Buffer.from(process.env['AUTH_JWT_PRIVATE_KEY'] ?? '', 'base64'),
  format: 'der',
  type: 'pkcs8',
})
const pem = {
  private: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  public: createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString(),
}
const durations = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time to answer a request.',
  labelNames: ['method', 'route', 'status'],
})

const app = fastify({ logger: true })
await app.register(fastifyHelmet)
await app.register(fastifyRateLimit, {
  max: 1_000_000_000,
  timeWindow: '1 minute',
  redis: new Redis(process.env['REDIS_URL'] ?? '', { keyPrefix: 'peer:' }),
})
await app.register(fastifyJwt, {
  secret: pem,
  sign: { algorithm: 'ES256' },
  verify: { algorithms: ['ES256'] },
})
app.addHook('onResponse', (request, reply, done) => {
  const labels = {
    method: request.method,
    route: request.routeOptions.url,
    status: reply.statusCode,
  }
  durations.observe(labels, reply.elapsedTime / 1_000)
  done()
})

const time = { type: 'string', format: 'date-time' }
const publicUser = {
  id: { type: 'integer' },
  username: { type: 'string' },
  status: { type: 'string' },
  createdAt: time,
}
const fullUser = {
  ...publicUser,
  email: { type: 'string' },
  emailVerified: { type: 'boolean' },
  role: { type: 'string' },
  updatedAt: time,
}
const object = (properties: object) => ({ type: 'object', properties })
const pagination = object({
  total: { type: 'integer' },
  page: { type: 'integer' },
  per_page: { type: 'integer' },
})
const list = object({
  data: { type: 'array', items: object(publicUser) },
  meta: object({ pagination }),
})
const email = { type: 'string', format: 'email', maxLength: 254 }

app.get('/health/live', () => ({ status: 'ok' }))
app.get(
  '/api/v1/profile',
  { schema: { response: { 200: object({ data: object(fullUser) }) } } },
  async (request) => {
    const { sub } = await request.jwtVerify<{ sub: string }>()
    return { data: await queries.findUser(Number(sub)) }
  },
)
app.get<{ Querystring: { page: number } }>(
  '/api/v1/users',
  {
    schema: {
      querystring: object({ page: { type: 'integer', minimum: 1, default: 1 } }),
      response: { 200: list },
    },
  },
  async (request) => {
    await request.jwtVerify()
    const { page } = request.query
    const { rows, total } = await queries.findPage(page)
    return { data: rows, meta: { pagination: { total, page, per_page: 20 } } }
  },
)
app.post<{ Body: { email: string } }>(
  '/api/v1/auth/restore-password',
  { schema: { body: { ...object({ email }), required: ['email'] } } },
  async (request, reply) => {
    await queries.requestReset(request.body.email)
    return reply.code(202).send()
  },
)
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' })
