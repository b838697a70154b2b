import { createRoutes } from '@ashlar/core/http'
import { Jwks } from '../schemas/jwks.schema.ts'
import { publicKeysOf, type SigningKeys } from '../services/signing-key.ts'

export function jwksRoutes(signingKeys: SigningKeys) {
  const routes = createRoutes({
    base: '',
    prefix: '/.well-known',
    tag: 'Keys',
    description: 'What other services need to verify access tokens by themselves.',
  })
  const keys = publicKeysOf(signingKeys)

  routes.get(
    '/jwks.json',
    {
      summary: 'Read the public keys of access tokens',
      description: 'A second key is there during a rotation. Tokens name theirs (`kid`).',
      response: Jwks,
      envelope: false,
      etag: 'body',
      // Those who verify tokens learn a new key in time: docs/guides/operate.md says how long to wait.
      maxAgeSeconds: 300,
    },
    () => keys,
  )

  return routes
}
