import { providerUnavailable } from '../auth.errors.ts'

/** A person waits in front of a browser. */
const timeoutMs = 5_000
/** Metadata, keys and profiles have a few KiB. */
const largestBytes = 256 * 1_024

/** Asks a provider, with an end to the wait and to the answer, and without following redirects: a secret may be in the request. */
export async function providerFetch(url: string | URL, options: object = {}): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const answer = await fetch(url, { ...options, redirect: 'manual', signal })
    const body = await readBounded(answer)
    if (answer.status >= 500 || answer.status === 429)
      throw new Error(`The provider answered ${answer.status}.`)
    return new Response(body, { status: answer.status, headers: answer.headers })
  } catch (cause) {
    throw providerUnavailable({ cause, retryAfterSeconds: 30 })
  }
}

async function readBounded({ body }: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  if (!body) return null
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body as ReadableStream<Uint8Array>) {
    size += chunk.byteLength
    if (size > largestBytes) throw new Error(`The provider answered over ${largestBytes} bytes.`)
    chunks.push(chunk)
  }
  return size === 0 ? null : Uint8Array.from(Buffer.concat(chunks))
}
