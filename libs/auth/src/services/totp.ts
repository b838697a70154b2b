import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'

/** As RFC 6238 has it and authenticator apps expect it: SHA-1, six digits, half a minute. */
const form = { algorithm: 'SHA1', digits: 6, period: 30 } as const

/** One step back and ahead, for clocks that differ and people who type slowly. */
const window = 1

export const isTotpCode = (text: string): boolean => /^\d{6}$/.test(text)

/** 160 bits, as RFC 4226 §4 recommends. */
export const newTotpSecret = (): Uint8Array<ArrayBuffer> => Uint8Array.from(randomBytes(20))

/** For people who type it: base32. */
export const describeSecret = (secret: Uint8Array): string => secretOf(secret).base32

/** For a QR code, which authenticator apps read. */
export const totpUri = (secret: Uint8Array, label: { issuer: string; account: string }): string =>
  new TOTP({
    ...form,
    secret: secretOf(secret),
    issuer: label.issuer,
    label: label.account,
  }).toString()

/** The step whose code this is; undefined if it is none of now. Compared in constant time. */
export function stepOfCode(secret: Uint8Array, code: string, now: Date): number | undefined {
  const timestamp = now.getTime()
  const totp = new TOTP({ ...form, secret: secretOf(secret) })
  const delta = totp.validate({ token: code, timestamp, window })
  return delta === null ? undefined : totp.counter({ timestamp }) + delta
}

const secretOf = (secret: Uint8Array) => new Secret({ buffer: Uint8Array.from(secret).buffer })
