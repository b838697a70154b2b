import { randomBytes } from 'node:crypto'
import type { Environment } from '@ashlar/core/config'

/** Everything that is off by default, switched on. Nobody listens where the providers are. */
export const everyOption = (): Environment => ({
  AUTH_TOTP_KEY: randomBytes(32).toString('base64'),
  AUTH_API_KEYS_ENABLED: 'true',
  AUTH_GOOGLE_CLIENT_ID: 'google-client',
  AUTH_GOOGLE_CLIENT_SECRET: 'google-secret',
  AUTH_GOOGLE_ISSUER: 'http://127.0.0.1:9',
  AUTH_GITHUB_CLIENT_ID: 'github-client',
  AUTH_GITHUB_CLIENT_SECRET: 'github-secret',
  AUTH_GITHUB_URL: 'http://127.0.0.1:9',
  AUTH_GITHUB_API_URL: 'http://127.0.0.1:9',
  AUTH_OAUTH_RETURN_URL: 'http://localhost:4000/signed-in',
})
