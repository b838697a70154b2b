import { createHash, createHmac, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'

/** A refresh token for the client, and the digest that the database keeps. */
export interface RefreshToken {
  token: string
  hash: Uint8Array<ArrayBuffer>
}

export type RefreshTokens = ReturnType<typeof createRefreshTokens>

/**
 * The tokens of one family. A successor is derived and not drawn, so that every replica gives the same one to the same token, also after a
 * crash, and none has to be stored.
 */
export function createRefreshTokens(signingKeys: readonly { privateKey: KeyObject }[]) {
  const keys = signingKeys.map(({ privateKey }) => deriveKey(privateKey))
  return { create, hashOf, successorsOf }

  function create(): RefreshToken {
    return withHash(randomBytes(32))
  }

  function hashOf(token: string): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(createHash('sha256').update(token).digest())
  }

  /** The one to use first. Others are those that a replica with an older signing key would give. */
  function successorsOf(token: string, salt: string): [RefreshToken, ...RefreshToken[]] {
    return keys.map((key) =>
      withHash(createHmac('sha256', key).update(`${salt}.${token}`).digest()),
    ) as [RefreshToken, ...RefreshToken[]]
  }

  function withHash(bytes: Buffer): RefreshToken {
    const token = bytes.toString('base64url')
    return { token, hash: hashOf(token) }
  }
}

/** A key of its own purpose, so that there is one secret to keep. */
function deriveKey(privateKey: KeyObject): Buffer {
  const material = privateKey.export({ format: 'der', type: 'pkcs8' })
  return Buffer.from(hkdfSync('sha256', material, '', 'ashlar refresh token successor', 32))
}
