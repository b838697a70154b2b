import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { AppError } from '../errors/index.ts'
import type { Logger } from '../logging/index.ts'
import {
  addressTooLong,
  bodyTooLarge,
  headersTooLarge,
  malformedRequest,
  requestTimeout,
} from './errors.ts'
import { problemHeaders, problemOf, type Problem } from './problem.ts'
import { addressLimit } from './request-checks.ts'

interface ParserError extends Error {
  code?: string
  rawPacket?: Buffer
}

/** How long a refused client may take to read the answer, in milliseconds. */
const lingerMs = 1_000

interface ParserErrorHandlerDeps {
  problemBaseUrl: string
  log: Logger
  /** Whether an answer is on its way already, so that another would be read as part of it. */
  isBeingAnswered: (socket: Duplex) => boolean
}

/** Answers what Node's parser refuses before there is a request. Node itself would send a status line without a body. */
export function createParserErrorHandler({
  problemBaseUrl,
  log,
  isBeingAnswered,
}: ParserErrorHandlerDeps): (error: ParserError, socket: Duplex) => void {
  const refused = new WeakSet<Duplex>()
  return (error, socket) => {
    // The parser complains again about each further packet.
    if (refused.has(socket)) return
    refused.add(socket)
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
    if (isBeingAnswered(socket)) socket.end()
    else refuse(refusalOf(error), socket)
    setTimeout(() => socket.destroy(), lingerMs).unref()
  }

  function refuse(error: AppError, socket: Duplex): void {
    const requestId = randomUUID()
    const problem = problemOf(error, { problemBaseUrl, requestId })
    log.info({ requestId, status: problem.status, problem: error.code }, 'request refused')
    socket.end(answerOf(problem, problemHeaders(error)))
  }
}

function refusalOf({ code, rawPacket, cause }: ParserError): AppError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return requestTimeout()
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return bodyTooLarge()
  if (code === 'HPE_HEADER_OVERFLOW')
    return isInAddress(rawPacket) ? addressTooLong() : headersTooLarge()
  return malformedRequest({ cause })
}

/** Whether the first line alone is over its limit; as far as the packet at hand shows it. */
const isInAddress = (packet: Buffer | undefined): boolean =>
  packet !== undefined && !packet.subarray(0, addressLimit).includes('\r\n')

function answerOf(problem: Problem, ownHeaders: Record<string, string>): string {
  const body = JSON.stringify(problem)
  const headers = {
    Date: new Date().toUTCString(),
    'X-Request-Id': problem.requestId,
    ...ownHeaders,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}
