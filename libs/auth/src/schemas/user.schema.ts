import { z } from 'zod'
import { boundedText } from '@ashlar/core/schema'
import { GivenPassword, Password } from './password.schema.ts'

/** Unique without regard to case. */
export const Username = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{3,50}$/, {
    error: 'Must have 3 to 50 characters of A-Z, a-z, 0-9, _, . and -',
  })
  .meta({ id: 'Username', example: 'mason' })

/**
 * An address of RFC 5321 in ASCII, without quotes, comments and addresses in numbers, and within its limits: 64 characters before the `@`, 63 in
 * each label. What the mailer would refuse must not become an account.
 */
const address =
  /^(?=[^@]{1,64}@)[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,58}[a-z0-9])$/

/** Lower case of ASCII alone: other letters have forms that become ASCII, and would make another's address. */
const lowerCase = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** Blanks around are typed by accident; a line break is not. */
export const normalizeEmail = (text: string): string => lowerCase(withoutBlanksAround(text))

/** Two loops, because an expression for the end of a text tries each blank inside it as well. */
function withoutBlanksAround(text: string): string {
  let start = 0
  let end = text.length
  while (isBlank(text[start])) start += 1
  while (end > start && isBlank(text[end - 1])) end -= 1
  return text.slice(start, end)
}

const isBlank = (character: string | undefined): boolean => character === ' ' || character === '\t'

/** Trimmed and lower case, so that equal addresses are equal text. */
export const Email = boundedText()
  .transform(normalizeEmail)
  .pipe(
    z
      .email({ pattern: address, error: 'Must be an e-mail address' })
      .max(254, { error: 'Must have at most 254 characters' }),
  )
  .meta({ id: 'Email', format: 'email', maxLength: 254, example: 'mason@example.com' })

const UserStatus = z.enum(['active', 'inactive'])
const UserRole = z.enum(['user', 'admin'])

/** An older name may break today's rules, and is shown all the same. */
const ShownUsername = z.string().meta({ example: 'mason' })

/** What everybody who is signed in sees. */
export const PublicUser = z
  .object({ id: z.int(), username: ShownUsername, status: UserStatus, createdAt: z.iso.datetime() })
  .meta({ id: 'PublicUser' })
export type PublicUser = z.infer<typeof PublicUser>

/** What oneself and admins see. */
export const FullUser = z
  .object({
    id: z.int(),
    username: ShownUsername,
    email: z.string().meta({ format: 'email' }),
    emailVerified: z.boolean(),
    status: UserStatus,
    role: UserRole,
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'FullUser' })
export type FullUser = z.infer<typeof FullUser>

/** As much of a user as the reader may see: a public one, or all of it. */
export const VisibleUser = z
  .object({
    ...PublicUser.shape,
    ...FullUser.omit({ id: true, username: true, status: true, createdAt: true }).partial().shape,
    deletedAt: z.iso
      .datetime()
      .optional()
      .meta({ description: 'In a list of deleted users only.' }),
  })
  .meta({ id: 'User', description: 'All members for oneself and for administrators.' })
export type VisibleUser = z.infer<typeof VisibleUser>

/** What an admin may change of others. What is absent stays as it is. */
export const UserChange = z
  .strictObject({ status: UserStatus, role: UserRole })
  .partial()
  .meta({ id: 'UserChange', example: { status: 'inactive' } })
export type UserChange = z.infer<typeof UserChange>

/** What is absent stays as it is. */
export const ProfileChange = z
  .strictObject({
    username: Username,
    email: Email,
    password: Password,
    currentPassword: GivenPassword,
  })
  .partial()
  .refine(
    ({ email, password, currentPassword }) =>
      currentPassword !== undefined || (email === undefined && password === undefined),
    {
      path: ['currentPassword'],
      error: 'Is needed to change the e-mail address or the password',
      // Also beside other faults, but of an object only.
      when: ({ value }) => typeof value === 'object' && value !== null,
    },
  )
  .meta({ id: 'ProfileChange', example: { username: 'stonemason' } })
export type ProfileChange = z.infer<typeof ProfileChange>
