import type { AppError } from '../errors/index.ts'
import {
  addressTooLong,
  bodyTooLarge,
  headersTooLarge,
  malformedRequest,
  requestTimeout,
} from './errors.ts'
import { addressLimit } from './request-checks.ts'

/** Why Node's parser gave up. */
export interface ParserError extends Error {
  code?: string
  rawPacket?: Buffer
  /** How much of the packet was read by then. */
  bytesParsed?: number
}

/** The headers or the body did not arrive in time. */
export const isTimeout = ({ code }: ParserError): boolean => code === 'ERR_HTTP_REQUEST_TIMEOUT'

/**
 * Made once, because many requests may be late at the same time and a stack costs more than the
 * rest.
 */
const tooLate = requestTimeout()

/** What the caller is told. */
export function refusalOf(error: ParserError): AppError {
  const { code, cause } = error
  if (isTimeout(error)) return tooLate
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return bodyTooLarge()
  if (code === 'HPE_HEADER_OVERFLOW')
    return addressOf(error).length > addressLimit ? addressTooLong() : headersTooLarge()
  return malformedRequest({ cause })
}

/** The method of the broken request; undefined where the packet at hand does not show it. */
export const methodOf = (error: ParserError): string | undefined =>
  requestLine.exec(firstLine(error))?.[1]

/** The address of the broken request, or what may be a part of it. */
function addressOf(error: ParserError): string {
  const line = firstLine(error)
  return requestLine.exec(line)?.[2] ?? line
}

/** Maybe behind the body of the request before. */
const requestLine = /\b([A-Z]{3,7}) (\S*)(?: HTTP\/\d\.\d)?$/

/** Other requests may come before the broken one in one packet. */
function firstLine({ rawPacket, bytesParsed }: ParserError): string {
  const read = rawPacket?.subarray(0, bytesParsed).toString('latin1') ?? ''
  const [line = ''] = read
    .slice(read.lastIndexOf('\r\n\r\n') + 1)
    .trimStart()
    .split('\r\n', 1)
  return line
}
