// The limit: what node:http, pg and node:crypto can do with the same requests, and nothing else. No logs, limits, metrics or validation.
import { createHash, createPrivateKey, createPublicKey, verify } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { Pool } from 'pg'
import { createQueries } from './queries.ts'

const queries = createQueries(
  new Pool({ connectionString: process.env['DATABASE_URL'] ?? '', max: 10 }),
)
const publicKey = createPublicKey(
  createPrivateKey({
    key: Buffer.from(process.env['AUTH_JWT_PRIVATE_KEY'] ?? '', 'base64'),
    format: 'der',
    type: 'pkcs8',
  }),
)
const verified = new Map<string, number>()

createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    response.writeHead(500).end()
  })
}).listen(Number(process.env['PORT']), '127.0.0.1')

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/health/live') return void response.end()
  if (request.method === 'POST') {
    const { email } = JSON.parse(await text(request)) as { email: string }
    await queries.requestReset(email)
    return void response.writeHead(202).end()
  }
  const id = authenticate(request)
  if (id === undefined) return void response.writeHead(401).end()
  if (request.url === '/api/v1/profile') return send(response, { data: await queries.findUser(id) })
  const page = Number(/\bpage=(\d+)/.exec(request.url ?? '')?.[1] ?? 1)
  const { rows, total } = await queries.findPage(page)
  send(response, { data: rows, meta: { pagination: { total, page, per_page: 20 } } })
}

function authenticate({ headers }: IncomingMessage): number | undefined {
  const token = headers.authorization?.slice('Bearer '.length) ?? ''
  const digest = createHash('sha256').update(token).digest('base64')
  const known = verified.get(digest)
  if (known !== undefined) return known
  const [header = '', payload = '', signature = ''] = token.split('.')
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  const signed = Buffer.from(`${header}.${payload}`)
  if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) return undefined
  const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }
  verified.set(digest, Number(sub))
  return Number(sub)
}

function send(response: ServerResponse, body: unknown): void {
  const json = JSON.stringify(body)
  response
    .writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(json),
    })
    .end(json)
}
