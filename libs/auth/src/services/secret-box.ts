import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

export type SecretBox = ReturnType<typeof createSecretBox>

export interface Opened {
  secret: Uint8Array
  /** Whether another key than the first one opened it: it should be sealed again. */
  isOld: boolean
}

/**
 * Encrypts what has to be read again (AES-256-GCM, NIST SP 800-38D), so that who reads the database alone learns nothing. `context` says what it
 * belongs to: copied to another place it does not open.
 */
export function createSecretBox(base64Keys: readonly string[]) {
  const keys = base64Keys.map((text) => Buffer.from(text, 'base64'))
  return { seal, open }

  /** With the first key. Nonce, tag and cipher text in one. */
  function seal(secret: Uint8Array, context: string): Uint8Array<ArrayBuffer> {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv(algorithm, keys[0] as Buffer, nonce).setAAD(Buffer.from(context))
    const text = Buffer.concat([cipher.update(secret), cipher.final()])
    return Uint8Array.from(Buffer.concat([nonce, cipher.getAuthTag(), text]))
  }

  /** With whichever key fits. Throws if none does. */
  function open(sealed: Uint8Array, context: string): Opened {
    for (const [index, key] of keys.entries()) {
      const secret = openWith(key, sealed, context)
      if (secret) return { secret, isOld: index > 0 }
    }
    throw new Error(`No key opens the secret of ${context}: it was encrypted with another one.`)
  }
}

function openWith(key: Buffer, sealed: Uint8Array, context: string): Uint8Array | undefined {
  const nonce = sealed.subarray(0, nonceBytes)
  const tag = sealed.subarray(nonceBytes, nonceBytes + tagBytes)
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
    .setAAD(Buffer.from(context))
    .setAuthTag(tag)
  try {
    const text = decipher.update(sealed.subarray(nonceBytes + tagBytes))
    return Uint8Array.from(Buffer.concat([text, decipher.final()]))
  } catch {
    return undefined
  }
}
