import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'

export interface SigningKey {
  /** RFC 7638 thumbprint of the public key. */
  kid: string
  privateKey: KeyObject
  publicKey: KeyObject
}

/** Reads `AUTH_JWT_PRIVATE_KEY`: PKCS #8 DER in base64. Key objects and not PEM, because parsing a PEM costs more than a signature. */
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

function thumbprint(publicKey: KeyObject): string {
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' })
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
}
