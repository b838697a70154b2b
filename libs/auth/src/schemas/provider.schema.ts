import { z } from 'zod'
import { GivenCode } from './second-factor.schema.ts'

/** RFC 7636 §4.1 and §4.2: 32 bytes in base64url for a SHA-256. */
const Challenge = z
  .string()
  .regex(/^[\w-]{43}$/, { error: 'Must be a SHA-256 digest in base64url: 43 characters' })
const Verifier = z.string().regex(/^[\w.~-]{43,128}$/, {
  error: 'Must have 43 to 128 characters of A-Z, a-z, 0-9, -, ., _ and ~',
})

export const ProviderStart = z.strictObject({
  code_challenge: Challenge.meta({
    description: 'SHA-256 of a random code_verifier that the page keeps (RFC 7636, S256).',
    example: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  }),
})

const part = z.string().max(4_096).optional()

/** What providers send back. They send more, which does not count here. */
export const ProviderCallback = z.object({
  code: part,
  state: part,
  iss: part.meta({ description: 'RFC 9207.' }),
  error: part,
})
export type ProviderCallback = z.infer<typeof ProviderCallback>

export const ProviderTokenBody = z
  .strictObject({
    code: z.string().regex(/^[\w-]{1,100}$/),
    code_verifier: Verifier,
    second_factor_code: GivenCode.optional(),
  })
  .meta({ id: 'ProviderTokenBody' })
export type ProviderTokenBody = z.infer<typeof ProviderTokenBody>

/** An account elsewhere that opens the caller's one. */
export const Identity = z
  .object({
    id: z.guid(),
    provider: z.string().meta({ example: 'google' }),
    email: z.string().meta({ description: 'The e-mail there when it was linked.' }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Identity' })
export type Identity = z.infer<typeof Identity>
