/**
 * Reads header and payload of a JWT that is written the one way in which this module writes it:
 * compact JSON in base64url. Undefined for any other text: a member that is there twice, bytes that
 * are no UTF-8 and spare bits at the end of a part (RFC 4648 §3.5) mean different things to
 * different readers.
 */
export function readCanonicalJwt(token: string): { header: unknown; payload: unknown } | undefined {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.')
  if (rest.length > 0 || encode(Buffer.from(signature, 'base64url')) !== signature) return undefined
  try {
    return { header: readPart(header), payload: readPart(payload) }
  } catch {
    return undefined
  }
}

function readPart(part: string): unknown {
  const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  if (encode(Buffer.from(JSON.stringify(value))) !== part) throw new Error('It is not canonical.')
  return value
}

const encode = (bytes: Buffer): string => bytes.toString('base64url')
