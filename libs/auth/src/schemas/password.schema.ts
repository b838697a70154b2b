import { boundedText } from '@ashlar/core/schema'
import { isCommonPassword } from './common-passwords.ts'

const fewest = 8
const most = 128

/** PostgreSQL stores neither U+0000 nor half of a surrogate pair, and callers besides HTTP hand in text as it came. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

const lengthOf = (text: string): number => [...text].length

/** A new one. Counted and compared after NFKC, so that one password has one form on every keyboard. */
export const Password = boundedText()
  .refine(isStorable, { error: 'Must be plain text', abort: true })
  .transform((text) => text.normalize('NFKC'))
  .refine((text) => lengthOf(text) >= fewest, { error: `Must have at least ${fewest} characters` })
  .refine((text) => lengthOf(text) <= most, { error: `Must have at most ${most} characters` })
  .refine((text) => !isCommonPassword(text), {
    error: 'Must not be one of the passwords that are tried first',
    params: { code: 'common_password' },
    when: ({ issues }) => issues.length === 0,
  })
  .meta({
    id: 'Password',
    format: 'password',
    description: 'Any characters, counted after NFKC. Common passwords are refused.',
    minLength: fewest,
    maxLength: most,
    example: 'cut stone by stone',
  })

/** One to compare with. Of the rules for new ones only the longest applies: no account has a longer one, and it would be hashed. */
export const GivenPassword = boundedText()
  .refine(isStorable, { error: 'Must be plain text', abort: true })
  .transform((text) => text.normalize('NFKC'))
  .refine((text) => lengthOf(text) <= most, { error: `Must have at most ${most} characters` })
