import {
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import type { Jwks } from '../schemas/jwks.schema.ts'

export interface SigningKey {
  /** RFC 7638 thumbprint of the public key. */
  kid: string
  privateKey: KeyObject
  publicKey: KeyObject
}

/**
 * The keys that are live: the first one signs, all of them verify. None in a process that serves no
 * API.
 */
export type SigningKeys = readonly SigningKey[]

export function readSigningKeys(texts: readonly (string | undefined)[]): SigningKeys {
  return [...new Set(texts)].flatMap((text) => (text === undefined ? [] : readSigningKey(text)))
}

/** The first of keys, or of what was derived from each of them. */
export function firstKeyOf<Key>(keys: readonly Key[]): Key {
  const [first] = keys
  if (first === undefined)
    throw new Error('This process makes no tokens: only the api is given AUTH_JWT_PRIVATE_KEY.')
  return first
}

/** Reads PKCS #8 DER in base64. Key objects and not PEM, because parsing a PEM costs more than a signature. */
export function readSigningKey(base64: string): SigningKey {
  const privateKey = createPrivateKey({
    key: Buffer.from(base64, 'base64'),
    format: 'der',
    type: 'pkcs8',
  })
  const publicKey = createPublicKey(privateKey)
  return { kid: thumbprint(publicKey), privateKey, publicKey }
}

export function isSigningKey(base64: string): boolean {
  try {
    return readSigningKey(base64).privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1'
  } catch {
    return false
  }
}

/** A further key, of a purpose of its own, so that there is one secret to keep. */
export function deriveKey({ privateKey }: Pick<SigningKey, 'privateKey'>, purpose: string): Buffer {
  const material = privateKey.export({ format: 'der', type: 'pkcs8' })
  return Buffer.from(hkdfSync('sha256', material, '', purpose, 32))
}

/** What others need to verify our tokens (RFC 7517). Nothing of a private key. */
export function publicKeysOf(keys: SigningKeys): Jwks {
  return {
    keys: keys.map(({ kid, publicKey }) => {
      const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
      return { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' }
    }),
  }
}

function thumbprint(publicKey: KeyObject): string {
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' })
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
}
