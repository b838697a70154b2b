import type { IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { bodyTooLarge, malformedCoding, requestAborted, unsupportedMediaType } from './errors.ts'

/** As sent and once decompressed, in bytes. */
const bodyLimit = 100 * 1024

const decoders: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/** Whether a request announces a body (RFC 9112 §6). */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** Reads the whole body into memory, decompressed. What stays unread is left to Node, which drains it after the answer. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bodyLimit) throw bodyTooLarge()
  const coding = request.headers['content-encoding']?.trim().toLowerCase() || 'identity'
  if (coding === 'identity') return collect(request)
  const createDecoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined
  if (!createDecoder) throw unsupportedMediaType()
  return decompress(request, createDecoder())
}

function decompress(request: IncomingMessage, decoder: Transform): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Both ends count: a bomb is small as sent, and a body that inflates to nothing may be sent without end.
    collect(request, (chunk) => decoder.write(chunk)).then(() => decoder.end(), fail)
    collect(decoder).then(resolve, fail)
    decoder.on('error', () => undefined)

    function fail(error: Error) {
      decoder.destroy()
      reject(error)
    }
  })
}

function collect(
  source: IncomingMessage | Transform,
  forward?: (chunk: Buffer) => void,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    source.on('data', take)
    source.once('end', () => settle(() => resolve(Buffer.concat(chunks))))
    source.once('error', (cause) =>
      settle(() =>
        reject(isRequest(source) ? requestAborted({ cause }) : malformedCoding({ cause })),
      ),
    )
    source.once('close', () => settle(() => reject(requestAborted())))

    function take(chunk: Buffer) {
      size += chunk.length
      if (size > bodyLimit) return settle(() => reject(bodyTooLarge()))
      if (forward) forward(chunk)
      else chunks.push(chunk)
    }

    function settle(decide: () => void) {
      source.off('data', take)
      decide()
      if (isRequest(source)) source.resume()
    }
  })
}

const isRequest = (source: IncomingMessage | Transform): source is IncomingMessage =>
  'httpVersion' in source
