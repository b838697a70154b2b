import { createHmac, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto'
import { digestOf } from './digest.ts'
import { deriveKey, firstKeyOf } from './signing-key.ts'

/** A refresh token for the client, and the digest that the database keeps. */
export interface RefreshToken {
  token: string
  hash: Uint8Array<ArrayBuffer>
}

/** A refresh token as a client brings it. */
export interface PresentedToken extends RefreshToken {
  sessionId: string
  /** Whether its tag is right. Only a process with the key could make it, so it was issued once. */
  wasIssued: boolean
}

/** The session that a token belongs to. */
interface Family {
  id: string
  salt: string
}

interface Keys {
  successor: Buffer
  tag: Buffer
}

export type RefreshTokens = ReturnType<typeof createRefreshTokens>

const idBytes = 16
const secretBytes = 32
const tagBytes = 16
const tokenBytes = idBytes + secretBytes + tagBytes

/**
 * The tokens of families: the id of the session, 256 bits of secret, and a tag over both, in
 * base64url. A successor is derived and not drawn, so that every replica returns the same one for
 * the same token, also after a crash, and none has to be stored. The tag tells an old token from
 * one that was made up, so that none has to be stored for that either.
 */
export function createRefreshTokens(signingKeys: readonly { privateKey: KeyObject }[]) {
  const keys = signingKeys.map((key): Keys => ({
    successor: deriveKey(key, 'ashlar refresh token successor'),
    tag: deriveKey(key, 'ashlar refresh token tag'),
  }))
  return { create, read, successorsOf }

  function create(sessionId: string): RefreshToken {
    return assemble(firstKeyOf(keys), sessionId, randomBytes(secretBytes))
  }

  /** Null for a text of another form. Whether the session knows the token is another question. */
  function read(token: string): PresentedToken | null {
    const bytes = Buffer.from(token, 'base64url')
    // Base64 has other spellings of the same bytes, and a digest is of one.
    if (bytes.length !== tokenBytes || bytes.toString('base64url') !== token) return null
    const content = bytes.subarray(0, -tagBytes)
    const tag = bytes.subarray(-tagBytes)
    return {
      token,
      hash: digestOf(token),
      sessionId: uuidOf(bytes.subarray(0, idBytes)),
      wasIssued: keys.some((key) => timingSafeEqual(tagOf(key, content), tag)),
    }
  }

  /**
   * The one to use first. Others are those that a replica with an older signing key would return.
   */
  function successorsOf(token: string, family: Family): [RefreshToken, ...RefreshToken[]] {
    const successor = (key: Keys) => {
      const secret = createHmac('sha256', key.successor).update(`${family.salt}.${token}`).digest()
      return assemble(key, family.id, secret)
    }
    return [successor(firstKeyOf(keys)), ...keys.slice(1).map(successor)]
  }
}

function assemble(key: Keys, sessionId: string, secret: Buffer): RefreshToken {
  const content = Buffer.concat([Buffer.from(sessionId.replaceAll('-', ''), 'hex'), secret])
  const token = Buffer.concat([content, tagOf(key, content)]).toString('base64url')
  return { token, hash: digestOf(token) }
}

const tagOf = ({ tag }: Keys, content: Buffer): Buffer =>
  createHmac('sha256', tag).update(content).digest().subarray(0, tagBytes)

const uuidOf = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
