import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { AppError } from '../errors/index.ts'
import type { Logger } from '../logging/index.ts'
import { malformedRequest } from './errors.ts'
import { isTimeout, methodOf, refusalOf, type ParserError } from './parser-errors.ts'
import { problemHeaders, problemOf, type Problem } from './problem.ts'
import { chooseRequestId } from './request-id.ts'
import { createTurns } from './turns.ts'

/** How long a refused client may take to read the answer, in milliseconds. */
const lingerMs = 1_000

/** Node finds all requests that are late at the same time. So many cost about a millisecond. */
const refusalsInOneTurn = 10

interface RefusalsDeps {
  problemBaseUrl: string
  log: Logger
  /** Waits until what was asked before is answered. Gives the answer to a request of which only a part came. */
  answerEarlier: (socket: Socket) => Promise<ServerResponse | undefined>
}

interface Refusal {
  error: AppError
  method: string | undefined
  requestId: string
}

/** Answers what never reaches the app, in its turn. Node itself would send a status line without a body, or nothing. */
export function createRefusals({ problemBaseUrl, log, answerEarlier }: RefusalsDeps) {
  const refused = new WeakSet<Duplex>()
  const inTurn = createTurns(refusalsInOneTurn)
  return { refuseBroken, refuseTunnel }

  /** What Node's parser refuses, before or after there is a request. */
  function refuseBroken(error: ParserError, socket: Duplex): void {
    // The parser complains again about each further packet.
    if (refused.has(socket)) return
    refused.add(socket)
    if (isTimeout(error)) refuseInTurn(error, socket as Socket)
    else refuseNow(error, socket as Socket)
  }

  /**
   * Nothing is read meanwhile: the rest of the request could come, and it would have two answers.
   */
  function refuseInTurn(error: ParserError, socket: Socket): void {
    socket.pause()
    inTurn(() => {
      refuseNow(error, socket)
      socket.resume()
    })
  }

  function refuseNow(error: ParserError, socket: Socket): void {
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
    const refusal = { error: refusalOf(error), method: methodOf(error), requestId: randomUUID() }
    void refuse(refusal, socket)
  }

  /** CONNECT, which asks a proxy for a way to elsewhere. Node leaves the connection to whoever listens. */
  function refuseTunnel({ method, headers }: IncomingMessage, socket: Duplex): void {
    socket.on('error', () => undefined).resume()
    const error = malformedRequest({ detail: 'This is no proxy: it takes no CONNECT.' })
    const requestId = chooseRequestId(headers['x-request-id'])
    void refuse({ error, method, requestId }, socket as Socket)
  }

  async function refuse(refusal: Refusal, socket: Socket): Promise<void> {
    const partial = await answerEarlier(socket)
    // Another answer would be read as one to a further request.
    if (partial?.headersSent) socket.end()
    else if (socket.writable)
      answer({ ...refusal, method: partial?.req.method ?? refusal.method }, socket)
    setTimeout(() => socket.destroy(), lingerMs).unref()
  }

  function answer({ error, method, requestId }: Refusal, socket: Socket): void {
    const problem = problemOf(error, { problemBaseUrl, requestId })
    log.info({ requestId, status: problem.status, problem: error.code }, 'request refused')
    const { head, body } = write(problem, problemHeaders(error))
    socket.end(method === 'HEAD' ? head : head + body)
  }
}

function write(problem: Problem, ownHeaders: Record<string, string>) {
  const body = JSON.stringify(problem)
  const headers = {
    Date: new Date().toUTCString(),
    'X-Request-Id': problem.requestId,
    ...ownHeaders,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const head = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('\r\n')}\r\n\r\n`
  return { head, body }
}
