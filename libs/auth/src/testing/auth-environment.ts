import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { Environment } from '@ashlar/core/config'

/** Keys of the auth module with secrets that were made just now. */
export function authEnvironment(): Environment {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    AUTH_JWT_PRIVATE_KEY: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    AUTH_SESSION_SECRET: randomBytes(32).toString('base64'),
  }
}
