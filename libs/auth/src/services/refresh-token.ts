import { createHmac, randomBytes, type KeyObject } from 'node:crypto'
import { digestOf } from './digest.ts'
import { deriveKey, firstKeyOf } from './signing-key.ts'

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
  const keys = signingKeys.map((key) => deriveKey(key, 'ashlar refresh token successor'))
  return { create, hashOf: digestOf, successorsOf }

  function create(): RefreshToken {
    return withHash(randomBytes(32))
  }

  /** The one to use first. Others are those that a replica with an older signing key would give. */
  function successorsOf(token: string, salt: string): [RefreshToken, ...RefreshToken[]] {
    const successor = (key: Buffer) =>
      withHash(createHmac('sha256', key).update(`${salt}.${token}`).digest())
    return [successor(firstKeyOf(keys)), ...keys.slice(1).map(successor)]
  }

  function withHash(bytes: Buffer): RefreshToken {
    const token = bytes.toString('base64url')
    return { token, hash: digestOf(token) }
  }
}
