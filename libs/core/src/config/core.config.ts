import { z } from 'zod'
import { defineConfig, key, type ConfigOf } from './define-config.ts'
import { commaSeparated, duration, flag, integer, mailbox, port, share, url } from './values.ts'

export type CoreConfig = ConfigOf<typeof coreConfig>

/** What every process reads. Names and meaning: wire contract §9. */
export const coreConfig = defineConfig(
  {
    APP_ENV: key(
      z
        .enum(['local', 'testing', 'staging', 'production'], {
          error: 'must be local, testing, staging or production',
        })
        .prefault('local'),
      {
        description: 'Where the process runs: local, testing, staging or production.',
        example: 'production',
      },
    ),
    APP_NAME: key(
      z
        .string()
        .regex(/^[\w .-]{1,50}$/, {
          error: 'must be 1 to 50 letters, digits, blanks, dots or dashes',
        })
        .prefault('Ashlar'),
      {
        description:
          'The name people see: in mails, in the API document and as the prefix of queues.',
        example: 'Ashlar',
      },
    ),
    APP_URL: key(url('http', 'https').prefault('http://localhost:3000'), {
      description: 'Where clients reach the api. Links in mails begin with it.',
      example: 'https://api.example.com',
    }),
    PORT: key(port().optional(), {
      description:
        'Public port of the process (3000 for the api, 3001 for the admin dashboard if unset).',
      example: '3000',
    }),
    MANAGEMENT_PORT: key(port().optional(), {
      description:
        'Port of /metrics and /health (9464 api, 9465 worker, 9466 scheduler, 9467 admin dashboard if unset).',
      example: '9464',
    }),
    TRUST_PROXY: key(integer(0, 10).prefault('0'), {
      description:
        'How many reverse proxies stand before the process; their X-Forwarded-For entries count.',
      example: '1',
    }),
    CORS_ORIGINS: key(
      commaSeparated()
        .refine((origins) => origins.every(isOrigin), {
          error: 'must be origins: scheme and host, without a path or a slash at the end',
        })
        .prefault(''),
      {
        description: 'Origins whose pages may call the api, separated by commas. None if unset.',
        example: 'https://app.example.com,https://admin.example.com',
      },
    ),
    PROBLEM_BASE_URL: key(url('http', 'https').optional(), {
      description: 'Where the addresses of problem types begin. APP_URL/problems if unset.',
      example: 'https://api.example.com/problems',
    }),
    DATABASE_URL: key(url('postgresql', 'postgres'), {
      description:
        'PostgreSQL. May lead through PgBouncer in transaction mode. npm run dev brings its own if unset.',
      example: 'postgresql://ashlar:password@localhost:5432/ashlar',
    }),
    DATABASE_DIRECT_URL: key(url('postgresql', 'postgres').optional(), {
      description:
        'The same database without a pooler between, for LISTEN and advisory locks. DATABASE_URL if unset.',
      example: 'postgresql://ashlar:password@localhost:5432/ashlar',
    }),
    DATABASE_POOLER: key(flag().prefault('false'), {
      description:
        'true if DATABASE_URL leads through PgBouncer: time limits are then set for each transaction, not for the connection.',
      example: 'false',
    }),
    DATABASE_POOL_SIZE: key(integer(1, 1_000).prefault('10'), {
      description: 'Connections to PostgreSQL that one process keeps at most.',
      example: '10',
    }),
    EVENT_RETENTION: key(duration().prefault('30d'), {
      description: 'How long events are kept that every listener has finished.',
      example: '30d',
    }),
    REDIS_URL: key(url('redis', 'rediss'), {
      description: 'Redis or Valkey. npm run dev brings its own if unset.',
      example: 'redis://localhost:6379',
    }),
    SMTP_URL: key(url('smtp', 'smtps'), {
      description: 'The mail server. npm run dev brings a mail catcher if unset.',
      example: 'smtp://user:password@mail.example.com:587',
    }),
    MAIL_FROM: key(
      z
        .string()
        .regex(mailbox, {
          error: 'must be an e-mail address, with or without a name',
        })
        .prefault('Ashlar <no-reply@localhost>'),
      {
        description: 'Sender of every mail.',
        example: 'Ashlar <no-reply@example.com>',
      },
    ),
    LOG_LEVEL: key(
      z
        .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
          error: 'must be fatal, error, warn, info, debug, trace or silent',
        })
        .prefault('info'),
      {
        description: 'The least severe level that is logged.',
        example: 'info',
      },
    ),
    RATE_LIMIT_ENABLED: key(flag().prefault('true'), {
      description: 'false switches every rate limit off.',
      example: 'true',
    }),
    RATE_LIMIT_DEFAULT: key(integer(1, 1_000_000_000).prefault('300'), {
      description:
        'Requests per minute that one user, or one address without a user, may send to one route that declares no limit of its own.',
      example: '300',
    }),
    SHUTDOWN_GRACE: key(duration().prefault('10s'), {
      description: 'How long a process may finish its work after SIGTERM.',
      example: '10s',
    }),
    OTEL_EXPORTER_OTLP_ENDPOINT: key(url('http', 'https').optional(), {
      description:
        'Where traces go (OTLP over HTTP). Tracing is off if unset. Other OTEL_* keys keep their standard meaning.',
      example: 'http://localhost:4318',
    }),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: key(url('http', 'https').optional(), {
      description:
        'The same, with its whole path. It wins over OTEL_EXPORTER_OTLP_ENDPOINT, to which v1/traces is added.',
      example: 'http://localhost:4318/v1/traces',
    }),
    OTEL_SDK_DISABLED: key(flag().prefault('false'), {
      description: 'true switches tracing off even with an endpoint.',
      example: 'false',
    }),
    OTEL_TRACES_SAMPLER_ARG: key(share().optional(), {
      description: 'Share of requests that are traced, 0 to 1.',
      example: '0.1',
    }),
    MODULES: key(commaSeparated().optional(), {
      description: 'The modules that this process hosts, separated by commas. All if unset.',
      example: 'auth',
    }),
  },
  (env) => ({
    appEnv: env.APP_ENV,
    appName: env.APP_NAME,
    appUrl: env.APP_URL.replace(/\/+$/, ''),
    port: env.PORT,
    managementPort: env.MANAGEMENT_PORT,
    trustProxy: env.TRUST_PROXY,
    corsOrigins: env.CORS_ORIGINS,
    problemBaseUrl: (env.PROBLEM_BASE_URL ?? `${env.APP_URL.replace(/\/+$/, '')}/problems`).replace(
      /\/+$/,
      '',
    ),
    databaseUrl: env.DATABASE_URL,
    databaseDirectUrl: env.DATABASE_DIRECT_URL ?? env.DATABASE_URL,
    databasePooler: env.DATABASE_POOLER,
    databasePoolSize: env.DATABASE_POOL_SIZE,
    eventRetentionMs: env.EVENT_RETENTION,
    redisUrl: env.REDIS_URL,
    smtpUrl: env.SMTP_URL,
    mailFrom: env.MAIL_FROM,
    logLevel: env.LOG_LEVEL,
    rateLimitEnabled: env.RATE_LIMIT_ENABLED,
    rateLimitDefault: env.RATE_LIMIT_DEFAULT,
    shutdownGraceMs: env.SHUTDOWN_GRACE,
    tracing:
      !env.OTEL_SDK_DISABLED &&
      (env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT) !== undefined,
    modules: env.MODULES,
  }),
  ({ PORT, MANAGEMENT_PORT }) =>
    PORT !== undefined && PORT === MANAGEMENT_PORT && PORT !== '0'
      ? [{ key: 'MANAGEMENT_PORT', problem: 'must be another port than PORT' }]
      : [],
)

const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text
