import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Component } from '../lifecycle/index.ts'
import type { Logger } from '../logging/index.ts'
import type { Metrics } from './metrics.ts'

/** A health answer; the body of a 503 is a problem (RFC 9457). */
export interface HealthReport {
  status: 200 | 503
  body: object
}

/** What the management port asks for its health paths; `createHealth` of `@ashlar/core/http` makes one. */
export interface HealthSource {
  live(): HealthReport
  ready(): Promise<HealthReport>
}

export interface ManagementServerDeps {
  /** 0 lets the system choose. */
  port: number
  health: HealthSource
  metrics: Pick<Metrics, 'registry'>
  log: Logger
}

export interface ManagementServer extends Component {
  start(): Promise<void>
  stop(): Promise<void>
  /** The port it listens on; 0 before the start. */
  port(): number
}

interface Answer {
  status: number
  type: string
  body: string
  headers?: Record<string, string>
}

const problem = 'application/problem+json'

/**
 * Serves `/metrics`, `/health/live` and `/health/ready` on a port of its own, which stays inside the cluster. A taken port fails the start.
 *
 * @example
 * const management = createManagementServer({ port: 9464, health, metrics, log })
 * lifecycle.add(management)
 */
export function createManagementServer({
  port,
  health,
  metrics: { registry },
  log,
}: ManagementServerDeps): ManagementServer {
  const pages: Record<string, () => Answer | Promise<Answer>> = {
    '/metrics': async () => ({
      status: 200,
      type: registry.contentType,
      body: await registry.metrics(),
    }),
    '/health/live': () => healthAnswer(health.live()),
    '/health/ready': async () => healthAnswer(await health.ready()),
  }
  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000, connectionsCheckingInterval: 1_000 },
    (request, response) => void serve(request, response),
  )
  return { name: 'management port', start, stop, port: listeningPort }

  function start(): Promise<void> {
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, () => {
        server.off('error', reject)
        log.debug({ port: listeningPort() }, 'serving metrics and health')
        resolve()
      })
    })
  }

  /** Cuts connections that are kept open: what is asked here can be asked again. */
  function stop(): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }

  function listeningPort(): number {
    return (server.address() as AddressInfo | null)?.port ?? 0
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, body, headers } = await answer(request)
    response.writeHead(status, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  async function answer({ url = '/', method }: IncomingMessage): Promise<Answer> {
    const page = pages[url.split('?', 1)[0] ?? '']
    if (!page) return plainProblem(404, 'Not found')
    if (method !== 'GET' && method !== 'HEAD')
      return { ...plainProblem(405, 'Method not allowed'), headers: { Allow: 'GET, HEAD' } }
    try {
      return await page()
    } catch (error) {
      log.error({ err: error, path: url }, 'the management port cannot answer')
      return plainProblem(500, 'Unexpected error')
    }
  }
}

const healthAnswer = ({ status, body }: HealthReport): Answer => ({
  status,
  type: status === 200 ? 'application/json' : problem,
  body: JSON.stringify(body),
  ...(status === 503 && { headers: { 'Retry-After': '1' } }),
})

const plainProblem = (status: number, title: string): Answer => ({
  status,
  type: problem,
  body: JSON.stringify({ type: 'about:blank', title, status }),
})
