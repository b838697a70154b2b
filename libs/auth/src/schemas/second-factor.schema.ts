import { z } from 'zod'
import { boundedText } from '@ashlar/core/schema'
import { isStorable, GivenPassword } from './password.schema.ts'

/** Six digits, or a recovery code: which one it is shows when it is checked. */
export const GivenCode = boundedText(100)
  .min(1)
  .refine(isStorable, { error: 'Must be plain text' })
  .transform((text) => text.trim())
  .meta({
    description: 'Six digits of the authenticator app, or a recovery code.',
    example: '123456',
  })

export const CurrentPasswordBody = z
  .strictObject({ currentPassword: GivenPassword })
  .meta({ id: 'CurrentPasswordBody' })

export const ConfirmSecondFactorBody = z
  .strictObject({ code: GivenCode })
  .meta({ id: 'ConfirmSecondFactorBody' })

/** The proof that a change of the second factor needs. */
export const SecondFactorProof = z
  .strictObject({ currentPassword: GivenPassword, code: GivenCode })
  .meta({ id: 'SecondFactorProof' })
export type SecondFactorProof = z.infer<typeof SecondFactorProof>

export const SecondFactorState = z
  .object({
    enabled: z.boolean(),
    enabledAt: z.iso.datetime().nullable(),
    recoveryCodesLeft: z.int(),
  })
  .meta({ id: 'SecondFactorState' })

export const NewSecondFactor = z
  .object({
    secret: z.string().meta({ description: 'Base32, for people who type it.' }),
    uri: z.string().meta({
      description: 'For a QR code, which the authenticator app reads.',
      example: 'otpauth://totp/Ashlar:mason%40example.com?issuer=Ashlar&secret=…',
    }),
  })
  .meta({ id: 'NewSecondFactor' })

export const RecoveryCodes = z
  .object({ recoveryCodes: z.array(z.string()) })
  .meta({ id: 'RecoveryCodes', description: 'Shown once. Each opens the account once.' })
