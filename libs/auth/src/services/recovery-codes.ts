import { randomBytes } from 'node:crypto'
import { digestOf } from './digest.ts'

const howMany = 10
/** Crockford's base 32: without letters that are read as digits, or as each other. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const length = 24
const form = new RegExp(`^[${alphabet}]{${length}}$`)

/** Ten codes of 120 random bits, in groups for people who type them. */
export const newRecoveryCodes = (): string[] => Array.from({ length: howMany }, newCode)

function newCode(): string {
  // 32 divides 256, so each letter is as likely as any other.
  const letters = Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join(
    '',
  )
  return letters.match(/.{6}/g)!.join('-')
}

/** Undefined for a text that is no recovery code. */
export function digestOfRecoveryCode(text: string): Uint8Array<ArrayBuffer> | undefined {
  const letters = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')
  return form.test(letters) ? digestOf(letters) : undefined
}
