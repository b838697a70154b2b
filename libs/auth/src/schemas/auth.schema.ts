import { z } from 'zod'
import { boundedText } from '@ashlar/core/schema'
import { GivenPassword, isStorable, Password } from './password.schema.ts'
import { GivenCode } from './second-factor.schema.ts'
import { Email, normalizeEmail, Username } from './user.schema.ts'

export const RegisterBody = z
  .strictObject({ username: Username, email: Email, password: Password })
  .meta({ id: 'RegisterBody' })
export type RegisterBody = z.infer<typeof RegisterBody>

/** A wrong form is a wrong password here: the rules for new passwords do not apply to old ones. */
const GivenEmail = boundedText().refine(isStorable).transform(normalizeEmail)

export const LoginBody = z.strictObject({ email: GivenEmail, password: GivenPassword }).meta({
  id: 'LoginBody',
  example: { email: 'mason@example.com', password: 'cut stone by stone' },
})
export type LoginBody = z.infer<typeof LoginBody>

/** Where accounts may have a second factor. */
export const LoginBodyWithCode = LoginBody.extend({ code: GivenCode.optional() }).meta({
  id: 'LoginBody',
})

const passwordForm = {
  username: GivenEmail,
  password: GivenPassword,
  grant_type: z.literal('password').optional(),
  scope: z.string().optional(),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
}

/** The OAuth 2 password form (RFC 6749 §4.3.2), which names the e-mail `username`. */
export const PasswordForm = z
  .strictObject(passwordForm)
  .transform(({ username, password }): LoginBody => ({ email: username, password }))
  .meta({ id: 'PasswordForm' })

export const PasswordFormWithCode = z
  .strictObject({ ...passwordForm, code: GivenCode.optional() })
  .transform(({ username, password, code }) => ({ email: username, password, code }))
  .meta({ id: 'PasswordForm' })

/** Any text that a token may be: an unknown one is refused as such, not for its form. */
export const GivenToken = boundedText(4_096)
  .min(1)
  .refine(isStorable, { error: 'Must be plain text' })

export const RefreshTokenBody = z
  .strictObject({ refresh_token: GivenToken })
  .meta({ id: 'RefreshTokenBody' })

export const RestorePasswordBody = z
  .strictObject({ email: Email })
  .meta({ id: 'RestorePasswordBody' })
export type RestorePasswordBody = z.infer<typeof RestorePasswordBody>

export const ResetPasswordBody = z
  .strictObject({ token: GivenToken, password: Password })
  .meta({ id: 'ResetPasswordBody' })
export type ResetPasswordBody = z.infer<typeof ResetPasswordBody>

export const VerifyEmailBody = z.strictObject({ token: GivenToken }).meta({ id: 'VerifyEmailBody' })
export type VerifyEmailBody = z.infer<typeof VerifyEmailBody>

export const ResendVerificationBody = z
  .strictObject({ email: Email })
  .meta({ id: 'ResendVerificationBody' })
export type ResendVerificationBody = z.infer<typeof ResendVerificationBody>

/** One signed-in device of the caller. */
export const Session = z
  .object({
    id: z.guid(),
    device: z
      .string()
      .nullable()
      .meta({ description: 'User agent of the last log-in or refresh.' }),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime(),
    current: z.boolean().meta({ description: 'The session of this request.' }),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof Session>

/** RFC 6749 §5.1, therefore not wrapped in `data`. */
export const TokenAnswer = z
  .object({
    access_token: z.string(),
    refresh_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.int(),
  })
  .meta({ id: 'TokenAnswer' })
export type TokenAnswer = z.infer<typeof TokenAnswer>
