import { z } from 'zod'
import {
  defineConfig,
  duration,
  flag,
  integer,
  key,
  url,
  type ConfigMisfit,
  type ConfigOf,
  type Given,
} from '@ashlar/core/config'
import { misfitsOfOptions, optionKeys, totpKeysOf } from './auth.option-config.ts'
import { misfitsOfProviders, providerKeys, providersOf } from './auth.provider-config.ts'
import { Password } from './schemas/password.schema.ts'
import { Email } from './schemas/user.schema.ts'
import { isSigningKey } from './services/signing-key.ts'

const fits = (schema: z.ZodType) => (text: string) => schema.safeParse(text).success

const mustBePassword = 'must have 8 to 128 characters and not be a common password'

const SigningKeyText = z.string().refine(isSigningKey, {
  error: 'must be a P-256 private key, PKCS #8 DER in base64',
})

/** Paths are put behind it, so nothing may stand there already. */
const isBare = (text: string) => {
  const { username, password } = new URL(text)
  return !/[?#]/.test(text) && username === '' && password === ''
}

export type AuthConfig = ConfigOf<typeof authConfig>

export const authConfig = defineConfig(
  {
    AUTH_REGISTRATION_ENABLED: key(flag().prefault('true'), {
      description: 'false refuses new registrations.',
      example: 'true',
    }),
    AUTH_PAGES_URL: key(
      url('http', 'https')
        .refine((text) => !URL.canParse(text) || isBare(text), {
          error: 'must have no query, no fragment, no user and no password',
        })
        .optional(),
      {
        description:
          'Where your own pages for the links of mails are: /reset-password and /verify-email below it get ?token=…. If unset, the api serves plain ones itself, below APP_URL.',
        example: 'https://app.example.com/account',
        public: true,
      },
    ),
    AUTH_JWT_PRIVATE_KEY: key(SigningKeyText, {
      description:
        'Signs access tokens (ES256): openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkcs8 -topk8 -nocrypt -outform DER | base64 | tr -d "\\n"',
      example: 'MIGHAgEAMBMGByqGSM49AgEG…',
      secret: true,
      processes: ['api'],
    }),
    AUTH_JWT_SECOND_PRIVATE_KEY: key(SigningKeyText.optional(), {
      description:
        'Another key of that form, whose tokens are taken too: the next one before a rotation, the last one after it. See docs/guides/operate.md.',
      example: 'MIGHAgEAMBMGByqGSM49AgEG…',
      secret: true,
      processes: ['api'],
    }),
    AUTH_JWT_ISSUER: key(z.string().min(1).optional(), {
      description: 'Issuer (iss) of access tokens. APP_URL if unset.',
      example: 'https://api.example.com',
    }),
    AUTH_JWT_AUDIENCE: key(z.string().min(1).prefault('ashlar'), {
      description: 'Audience (aud) of access tokens.',
      example: 'ashlar',
    }),
    AUTH_ACCESS_TOKEN_TTL: key(duration().prefault('15m'), {
      description: 'How long an access token is valid.',
      example: '15m',
    }),
    AUTH_REFRESH_TOKEN_TTL: key(duration().prefault('7d'), {
      description: 'How long a session lasts without being refreshed.',
      example: '7d',
    }),
    AUTH_REFRESH_GRACE: key(duration().prefault('10s'), {
      description:
        'How long a refresh token that was just exchanged gets the same successor again, for a client that lost the answer.',
      example: '10s',
    }),
    AUTH_RESET_TOKEN_TTL: key(duration().prefault('15m'), {
      description: 'How long the link of a password mail is good.',
      example: '15m',
    }),
    AUTH_VERIFICATION_TOKEN_TTL: key(duration().prefault('1d'), {
      description: 'How long the link of a verification mail is good.',
      example: '1d',
    }),
    AUTH_PASSWORD_MEMORY: key(integer(128, 4_194_304).prefault('19456'), {
      description:
        'Memory of one password hash (Argon2id), in KiB. A log-in renews a hash with other parameters.',
      example: '19456',
    }),
    AUTH_PASSWORD_PASSES: key(integer(1, 1_000).prefault('2'), {
      description: 'Passes of one password hash.',
      example: '2',
    }),
    AUTH_PASSWORD_LANES: key(integer(1, 16).prefault('1'), {
      description: 'Lanes of one password hash.',
      example: '1',
    }),
    AUTH_PASSWORD_AT_ONCE: key(integer(1, 64).prefault('2'), {
      description:
        'Passwords that one process hashes at a time. Node has 4 threads (UV_THREADPOOL_SIZE) for them, DNS and files.',
      example: '2',
    }),
    AUTH_PASSWORD_QUEUE: key(integer(0, 10_000).prefault('100'), {
      description: 'Passwords that may wait to be hashed. The next one is answered 503.',
      example: '100',
    }),
    AUTH_AUDIT_RETENTION: key(
      duration()
        .refine((ms) => ms >= 30 * 86_400_000, { error: 'must be at least 30d' })
        .prefault('365d'),
      {
        description: 'How long the audit trail is kept, 30d at least.',
        example: '365d',
      },
    ),
    AUTH_DELETED_USER_RETENTION: key(
      duration()
        .refine((ms) => ms >= 86_400_000, { error: 'must be at least 1d' })
        .prefault('30d'),
      {
        description:
          'How long a deleted account can be brought back, 1d at least. Then it is gone for good.',
        example: '30d',
      },
    ),
    AUTH_SESSION_LIMIT: key(integer(1, 1_000).prefault('20'), {
      description: 'Sessions of one user at a time; the next log-in ends the one unused longest.',
      example: '20',
    }),
    ...optionKeys,
    ...providerKeys,
    AUTH_ADMIN_EMAIL: key(
      z.string().refine(fits(Email), { error: 'must be an e-mail address' }).optional(),
      {
        description: 'E-mail of the first admin, whom the seed command makes once.',
        example: 'admin@example.com',
        processes: ['command'],
      },
    ),
    AUTH_ADMIN_PASSWORD: key(
      z.string().refine(fits(Password), { error: mustBePassword }).optional(),
      {
        description: 'Password of the first admin.',
        example: 'the output of: openssl rand -base64 24',
        password: true,
        processes: ['command'],
      },
    ),
  },
  (env) => ({
    registrationEnabled: env.AUTH_REGISTRATION_ENABLED,
    pagesUrl: env.AUTH_PAGES_URL?.replace(/\/+$/, ''),
    registrationQuiet: env.AUTH_REGISTRATION_QUIET,
    totpKeys: totpKeysOf(env),
    secondFactorIgnored: env.AUTH_SECOND_FACTOR_IGNORED,
    apiKeysEnabled: env.AUTH_API_KEYS_ENABLED,
    jwt: {
      privateKey: env.AUTH_JWT_PRIVATE_KEY,
      secondPrivateKey: env.AUTH_JWT_SECOND_PRIVATE_KEY,
      issuer: env.AUTH_JWT_ISSUER,
      audience: env.AUTH_JWT_AUDIENCE,
    },
    accessTokenTtlMs: env.AUTH_ACCESS_TOKEN_TTL,
    refreshTokenTtlMs: env.AUTH_REFRESH_TOKEN_TTL,
    refreshGraceMs: env.AUTH_REFRESH_GRACE,
    resetTokenTtlMs: env.AUTH_RESET_TOKEN_TTL,
    verificationTokenTtlMs: env.AUTH_VERIFICATION_TOKEN_TTL,
    // The defaults are those of the OWASP Password Storage Cheat Sheet.
    passwords: {
      memoryKib: env.AUTH_PASSWORD_MEMORY,
      passes: env.AUTH_PASSWORD_PASSES,
      lanes: env.AUTH_PASSWORD_LANES,
      atOnce: env.AUTH_PASSWORD_AT_ONCE,
      queue: env.AUTH_PASSWORD_QUEUE,
    },
    sessionLimit: env.AUTH_SESSION_LIMIT,
    auditRetentionMs: env.AUTH_AUDIT_RETENTION,
    deletedUserRetentionMs: env.AUTH_DELETED_USER_RETENTION,
    signIn: providersOf(env),
    admin: adminOf(env.AUTH_ADMIN_EMAIL, env.AUTH_ADMIN_PASSWORD),
  }),
  (given) => [...misfitsOfOptions(given), ...misfitsOfProviders(given), ...misfitsOfAdmin(given)],
  ({ passwords }) =>
    isAsStrongAsAdvised(passwords)
      ? []
      : [
          {
            key: 'AUTH_PASSWORD_MEMORY',
            problem: 'is too little for AUTH_PASSWORD_PASSES: see docs/guides/deploy.md',
          },
        ],
)

/**
 * Memory and passes of Argon2id that the OWASP Password Storage Cheat Sheet names as equal, with
 * one lane.
 */
const advised = [
  [47_104, 1],
  [19_456, 2],
  [12_288, 3],
  [9_216, 4],
  [7_168, 5],
] as const

const isAsStrongAsAdvised = ({ memoryKib, passes }: { memoryKib: number; passes: number }) =>
  advised.some(([memory, least]) => memoryKib >= memory && passes >= least)

function adminOf(email: string | undefined, password: string | undefined) {
  return email === undefined || password === undefined ? undefined : { email, password }
}

const adminKeys = ['AUTH_ADMIN_EMAIL', 'AUTH_ADMIN_PASSWORD'] as const
type AdminKey = (typeof adminKeys)[number]

function misfitsOfAdmin(given: Given<AdminKey>): ConfigMisfit<AdminKey>[] {
  const absent = adminKeys.filter((name) => given[name] === undefined)
  if (absent.length !== 1) return []
  return absent.map((key) => ({ key, problem: 'is missing for the first admin' }))
}
