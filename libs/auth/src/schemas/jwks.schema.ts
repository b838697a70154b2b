import { z } from 'zod'

const Coordinate = z.string().meta({ description: 'Base64url, without padding.' })

/** RFC 7517, with keys of RFC 7518 §6.2. */
export const Jwks = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal('EC'),
        crv: z.literal('P-256'),
        x: Coordinate,
        y: Coordinate,
        kid: z.string().meta({ description: 'RFC 7638 thumbprint.' }),
        alg: z.literal('ES256'),
        use: z.literal('sig'),
      }),
    ),
  })
  .meta({ id: 'Jwks' })
export type Jwks = z.infer<typeof Jwks>
