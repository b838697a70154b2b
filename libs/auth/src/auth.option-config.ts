import { z } from 'zod'
import { flag, key, type ConfigMisfit, type Given } from '@ashlar/core/config'

const EncryptionKey = z.string().refine(isEncryptionKey, { error: 'must be 32 bytes in base64' })

function isEncryptionKey(text: string): boolean {
  return /^[A-Za-z0-9+/]{43}=$/.test(text)
}

/** Keys of what is off by default. */
export const optionKeys = {
  AUTH_REGISTRATION_QUIET: key(flag().prefault('false'), {
    description:
      'true lets a registration answer 202 whether the e-mail is taken or not, and tells its owner by mail. A log-in then needs a verified e-mail.',
    example: 'false',
  }),
  AUTH_TOTP_KEY: key(EncryptionKey.optional(), {
    description:
      'Encrypts the secrets of authenticator apps, and switches them on as a second factor.',
    example: 'the output of: openssl rand -base64 32',
    secret: true,
    processes: ['api', 'admin-dashboard'],
  }),
  AUTH_TOTP_SECOND_KEY: key(EncryptionKey.optional(), {
    description:
      'The key before AUTH_TOTP_KEY, during a rotation: what it encrypted is read, and encrypted anew at the next log-in.',
    example: 'the output of: openssl rand -base64 32',
    secret: true,
    processes: ['api', 'admin-dashboard'],
  }),
  AUTH_SECOND_FACTOR_IGNORED: key(flag().prefault('false'), {
    description:
      'true lets accounts with a second factor log in without it while AUTH_TOTP_KEY is unset. false refuses them.',
    example: 'false',
  }),
  AUTH_API_KEYS_ENABLED: key(flag().prefault('false'), {
    description: 'true lets users make API keys for machines, on the routes that take them.',
    example: 'false',
  }),
} as const

type Values = { [Key in keyof typeof optionKeys]: z.output<(typeof optionKeys)[Key]> }

/** The keys of the second factor, the one that encrypts first; undefined if it is off. */
export function totpKeysOf(env: Values): readonly string[] | undefined {
  const { AUTH_TOTP_KEY: first, AUTH_TOTP_SECOND_KEY: second } = env
  if (first === undefined) return undefined
  return second === undefined ? [first] : [first, second]
}

export function misfitsOfOptions({
  AUTH_TOTP_KEY: first,
  AUTH_TOTP_SECOND_KEY: second,
  AUTH_SECOND_FACTOR_IGNORED: ignored,
}: Given<keyof Values>): ConfigMisfit<keyof Values>[] {
  if (first === undefined && second !== undefined)
    return [{ key: 'AUTH_TOTP_KEY', problem: 'is missing beside AUTH_TOTP_SECOND_KEY' }]
  if (first !== undefined && ignored === 'true')
    return [{ key: 'AUTH_SECOND_FACTOR_IGNORED', problem: 'must be false beside AUTH_TOTP_KEY' }]
  return []
}
