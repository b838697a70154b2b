import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { Server as NetServer, type AddressInfo } from 'node:net'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import {
  explainListenFault,
  type Component,
  type HostVariable,
  type PortVariable,
} from '../lifecycle/index.ts'
import type { Logger } from '../logging/index.ts'
import { limitConnections } from './connection-limit.ts'
import { trackConnections } from './connections.ts'
import type { Health } from './health.ts'
import { createRefusals } from './refusals.ts'
import { addressLimit, headerLimit } from './request-checks.ts'
import { useOriginForm } from './request-target.ts'

export interface HttpServerDeps {
  app: RequestListener
  /** The address to listen on; every address of the machine if absent. */
  host?: string | undefined
  /** 0 lets the system choose. */
  port: number
  problemBaseUrl: string
  log: Logger
  /** Told when the server stops, so that readiness says so. */
  health?: Pick<Health, 'startDraining'>
  /** How long the headers of a request may take to arrive. */
  headersTimeoutMs?: number
  /** How long a whole request may take to arrive. */
  requestTimeoutMs?: number
  /** How many connections one address may have open at a time; any number if absent. */
  connectionsPerAddress?: number
  /** What it is, in logs. */
  name?: string
  /** The key of the configuration that gives `port`: whoever finds it taken is told. */
  portVariable?: PortVariable
  /** The same for `host`. */
  hostVariable?: HostVariable
  /**
   * How long the server still takes connections once it stops, in milliseconds. Load balancers need
   * it to see that it is not ready, and idle clients to learn that their connection closes.
   */
  lingerMs?: number
}

export interface HttpServer extends Component {
  start(): Promise<void>
  stop(signal: AbortSignal): Promise<void>
  /** The port in use, once started. */
  port(): number
}

/** How long a client that has just connected may take to send, once the server stops. */
const freshMs = 500

const limits = {
  connectionsCheckingInterval: 2_000,
  // Longer than the minute after which load balancers let go, so that it is not us who close just as they send.
  keepAliveTimeout: 65_000,
  // Above both limits together: the app tells an address that is too long from headers that are too large.
  maxHeaderSize: addressLimit + headerLimit + 1_024,
  // The app refuses a missing Host with a body; Node would without.
  requireHostHeader: false,
}

/**
 * Serves an app. `start` throws when it cannot listen, with who does. `stop` says at once that the
 * server is not ready, serves on for `lingerMs` and tells every client to close, then takes no new
 * connections, answers what was asked, and returns when all clients are gone or `signal` aborts.
 *
 * @example
 * lifecycle.add(createHttpServer({ app, port: 3000, problemBaseUrl, health, log }))
 */
export function createHttpServer({
  app,
  host,
  port,
  problemBaseUrl,
  log,
  health,
  headersTimeoutMs = 10_000,
  requestTimeoutMs = 20_000,
  connectionsPerAddress = Infinity,
  name = 'http server',
  portVariable = 'PORT',
  hostVariable = 'HOST',
  lingerMs = 500,
}: HttpServerDeps): HttpServer {
  const server = createServer({
    ...limits,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
  })
  limitConnections(server, { most: connectionsPerAddress, log })
  const connections = trackConnections(server, { patienceMs: Math.min(lingerMs, freshMs) })
  server.on('request', (request, response) => {
    useOriginForm(request)
    app(request, response)
  })
  // An unknown expectation may be ignored (RFC 9110 §10.1.1); Node would refuse without a body.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  const { refuseBroken, refuseTunnel } = createRefusals({
    problemBaseUrl,
    log,
    answerEarlier: connections.answerEarlier,
  })
  server.on('clientError', refuseBroken)
  server.on('connect', refuseTunnel)
  return { name, start, stop, port: boundPort }

  async function start(): Promise<void> {
    server.listen({ port, host })
    await once(server, 'listening').catch((error: unknown) => {
      throw explainListenFault(error, { port: portVariable, host: hostVariable })
    })
    log.info({ port: boundPort(), component: name }, 'listening')
  }

  async function stop(signal: AbortSignal): Promise<void> {
    health?.startDraining()
    if (!server.listening) return
    connections.announceClosing()
    await wait(lingerMs, undefined, { signal }).catch(() => undefined)
    await acceptWaiting()
    const closed = stopListening()
    // Not at once: on a busy machine the timer may come before requests that have arrived are read.
    const sweep = setInterval(() => setImmediate(connections.destroyIdle), 50)
    signal.addEventListener('abort', connections.destroyAll, { once: true })
    if (signal.aborted) connections.destroyAll()
    await closed
    clearInterval(sweep)
  }

  /**
   * Waits for a turn of the event loop that brings no connection. The kernel completes connections
   * on its own, and resets those that nobody has accepted when the socket closes.
   */
  async function acceptWaiting(): Promise<void> {
    for (let turns = 0, before = -1; before !== connections.accepted() && turns < 1_000; turns++) {
      before = connections.accepted()
      await nextTurn()
    }
  }

  /** `http.Server.close` would cut idle connections at once, under the feet of clients that are just sending. */
  function stopListening(): Promise<void> {
    return new Promise((resolve) => {
      NetServer.prototype.close.call(server, () => {
        server.closeAllConnections()
        resolve()
      })
    })
  }

  function boundPort(): number {
    return (server.address() as AddressInfo).port
  }
}
