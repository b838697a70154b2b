import { generateKeyPairSync } from 'node:crypto'
import type { Environment } from '@ashlar/core/config'

/** What the auth module cannot do without, with a signing key that was made just now. */
export function authEnvironment(): Environment {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    AUTH_JWT_PRIVATE_KEY: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  }
}
