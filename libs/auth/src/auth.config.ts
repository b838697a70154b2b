import { z } from 'zod'
import { defineConfig, duration, flag, integer, key, type ConfigOf } from '@ashlar/core/config'
import { Email, Password } from './schemas/user.schema.ts'
import { isSigningKey } from './services/signing-key.ts'

const fits = (schema: z.ZodType) => (text: string) => schema.safeParse(text).success

export type AuthConfig = ConfigOf<typeof authConfig>

export const authConfig = defineConfig(
  {
    AUTH_REGISTRATION_ENABLED: key(flag().prefault('true'), {
      description: 'false refuses new registrations.',
      example: 'true',
    }),
    AUTH_JWT_PRIVATE_KEY: key(
      z.string().refine(isSigningKey, {
        error: 'must be a P-256 private key, PKCS #8 DER in base64',
      }),
      {
        description:
          'Signs access tokens (ES256): openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkcs8 -topk8 -nocrypt -outform DER | base64 -w0',
        example: 'MIGHAgEAMBMGByqGSM49AgEG…',
        secret: true,
      },
    ),
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
    AUTH_SESSION_LIMIT: key(integer(1, 1_000).prefault('20'), {
      description: 'Sessions of one user at a time; the next log-in ends the one unused longest.',
      example: '20',
    }),
    AUTH_ADMIN_EMAIL: key(
      z.string().refine(fits(Email), { error: 'must be an e-mail address' }).optional(),
      {
        description: 'E-mail of the first admin, whom the seed command makes once.',
        example: 'admin@example.com',
      },
    ),
    AUTH_ADMIN_PASSWORD: key(
      z.string().refine(fits(Password), { error: 'must have 8 to 128 characters' }).optional(),
      {
        description: 'Password of the first admin.',
        example: 'the output of: openssl rand -base64 24',
        password: true,
      },
    ),
  },
  (env) => ({
    registrationEnabled: env.AUTH_REGISTRATION_ENABLED,
    jwt: {
      privateKey: env.AUTH_JWT_PRIVATE_KEY,
      issuer: env.AUTH_JWT_ISSUER,
      audience: env.AUTH_JWT_AUDIENCE,
    },
    accessTokenTtlMs: env.AUTH_ACCESS_TOKEN_TTL,
    refreshTokenTtlMs: env.AUTH_REFRESH_TOKEN_TTL,
    refreshGraceMs: env.AUTH_REFRESH_GRACE,
    resetTokenTtlMs: env.AUTH_RESET_TOKEN_TTL,
    verificationTokenTtlMs: env.AUTH_VERIFICATION_TOKEN_TTL,
    sessionLimit: env.AUTH_SESSION_LIMIT,
    admin:
      env.AUTH_ADMIN_EMAIL && env.AUTH_ADMIN_PASSWORD
        ? { email: env.AUTH_ADMIN_EMAIL, password: env.AUTH_ADMIN_PASSWORD }
        : undefined,
  }),
)
