import { z } from 'zod'
import { findConnectionRisks } from './connection-risks.ts'
import { defineConfig, key, type ConfigOf } from './define-config.ts'
import { isPublicAddress } from './own-machine.ts'
import { findPoolerMisfits } from './pooler.ts'
import { databaseUrl, headerPairs, serverUrl } from './server-url.ts'
import {
  commaSeparated,
  duration,
  flag,
  host,
  integer,
  mailbox,
  port,
  share,
  url,
} from './values.ts'

export type CoreConfig = ConfigOf<typeof coreConfig>

const defaultGrace = '10s'

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
      public: true,
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
    HOST: key(host().optional(), {
      description:
        'Address on which the public port listens: an IP address of this machine, or a name of one. All addresses if unset.',
      example: '127.0.0.1',
    }),
    MANAGEMENT_HOST: key(host().optional(), {
      description: 'The same for the management port. HOST if unset.',
      example: '10.0.0.5',
    }),
    TRUST_PROXY: key(integer(0, 10).prefault('0'), {
      description:
        'How many reverse proxies stand before the process; their X-Forwarded-For entries count.',
      example: '1',
    }),
    CONNECTIONS_PER_ADDRESS: key(integer(0, 1_000_000).prefault('2000'), {
      description:
        'Connections that one address (IPv6: one /64) may have open to the public port of a process; further ones are closed. 0 for no limit. Without effect where TRUST_PROXY is above 0, because all come from the proxy.',
      example: '2000',
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
    DATABASE_URL: key(databaseUrl(), {
      description:
        'PostgreSQL, with a percent-encoded password. Tables live in the schema public. May lead through PgBouncer in transaction mode. npm run dev brings its own if unset.',
      example: 'postgresql://ashlar:password@localhost:5432/ashlar',
    }),
    DATABASE_DIRECT_URL: key(databaseUrl().optional(), {
      description:
        'The same database without a pooler between, for LISTEN and migrations. Required with DATABASE_POOLER=true; otherwise DATABASE_URL if unset.',
      example: 'postgresql://ashlar:password@localhost:5432/ashlar',
    }),
    DATABASE_POOLER: key(flag().prefault('false'), {
      description:
        'true if DATABASE_URL leads through PgBouncer: time limits are then set for each transaction, not for the connection. Needs DATABASE_DIRECT_URL.',
      example: 'false',
    }),
    DATABASE_POOL_SIZE: key(integer(1, 1_000).prefault('10'), {
      description: 'Connections to PostgreSQL that one process keeps at most.',
      example: '10',
    }),
    EVENT_RETENTION: key(duration().prefault('7d'), {
      description:
        'How long events are kept that every listener has finished: so long they can be replayed. A thousand events a second are 600 million rows in 7d.',
      example: '7d',
    }),
    PAYLOAD_LIMIT: key(integer(1_024, 4_194_304).prefault('65536'), {
      description:
        'Bytes of JSON that the payload of an event or a task may have. It holds ids; what is large belongs into a table or a file.',
      example: '65536',
    }),
    REDIS_URL: key(serverUrl('redis', 'rediss'), {
      description: 'Redis or Valkey. npm run dev brings its own if unset.',
      example: 'redis://localhost:6379',
    }),
    SMTP_URL: key(serverUrl('smtp', 'smtps'), {
      description: 'The mail server. npm run dev brings a mail catcher if unset.',
      example: 'smtp://user:password@mail.example.com:587',
      processes: ['worker'],
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
    SHUTDOWN_GRACE: key(duration().prefault(defaultGrace), {
      description: 'How long a process may finish its work after SIGTERM.',
      example: '10s',
    }),
    SHUTDOWN_LINGER: key(duration().optional(), {
      description:
        'How much of SHUTDOWN_GRACE the api and the admin dashboard still take connections, while load balancers learn that they are not ready. A third of it if unset, but 5s at most.',
      example: '3s',
    }),
    OTEL_EXPORTER_OTLP_ENDPOINT: key(serverUrl('http', 'https').optional(), {
      description:
        'Where traces go (OTLP over HTTP). Tracing is off if unset. Other OTEL_* keys keep their standard meaning.',
      example: 'http://localhost:4318',
    }),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: key(serverUrl('http', 'https').optional(), {
      description:
        'The same, with its whole path. It wins over OTEL_EXPORTER_OTLP_ENDPOINT, to which v1/traces is added.',
      example: 'http://localhost:4318/v1/traces',
    }),
    OTEL_EXPORTER_OTLP_HEADERS: key(headerPairs().optional(), {
      description:
        'Header fields for the collector of traces: name=value with commas between, values percent-encoded.',
      example: 'authorization=Basic%20dXNlcjpwYXNzd29yZA%3D%3D',
    }),
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: key(headerPairs().optional(), {
      description: 'The same, in place of OTEL_EXPORTER_OTLP_HEADERS.',
      example: 'x-api-key=key',
    }),
    OTEL_SDK_DISABLED: key(flag().prefault('false'), {
      description: 'true switches tracing off even with an endpoint.',
      example: 'false',
    }),
    OTEL_TRACES_SAMPLER_ARG: key(share().optional(), {
      description: 'Share of requests that are traced, 0 to 1.',
      example: '0.1',
    }),
    TRUST_TRACEPARENT: key(flag().prefault('false'), {
      description:
        'true lets callers decide by their traceparent header what is traced: for a process that only a gateway or services of yours reach.',
      example: 'false',
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
    host: env.HOST,
    managementHost: env.MANAGEMENT_HOST ?? env.HOST,
    trustProxy: env.TRUST_PROXY,
    connectionsPerAddress:
      env.TRUST_PROXY > 0 || env.CONNECTIONS_PER_ADDRESS === 0
        ? Infinity
        : env.CONNECTIONS_PER_ADDRESS,
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
    payloadLimit: env.PAYLOAD_LIMIT,
    redisUrl: env.REDIS_URL,
    smtpUrl: env.SMTP_URL,
    mailFrom: env.MAIL_FROM,
    logLevel: env.LOG_LEVEL,
    rateLimitEnabled: env.RATE_LIMIT_ENABLED,
    rateLimitDefault: env.RATE_LIMIT_DEFAULT,
    shutdownGraceMs: env.SHUTDOWN_GRACE,
    shutdownLingerMs: env.SHUTDOWN_LINGER ?? Math.min(env.SHUTDOWN_GRACE / 3, 5_000),
    tracing:
      !env.OTEL_SDK_DISABLED &&
      (env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT) !== undefined,
    modules: env.MODULES,
  }),
  ({ PORT, MANAGEMENT_PORT, SHUTDOWN_GRACE, SHUTDOWN_LINGER, ...given }) => [
    ...findPoolerMisfits(given),
    ...(PORT !== undefined && PORT === MANAGEMENT_PORT && PORT !== '0'
      ? [{ key: 'MANAGEMENT_PORT' as const, problem: 'must be another port than PORT' }]
      : []),
    ...(!isShorter(SHUTDOWN_LINGER, SHUTDOWN_GRACE)
      ? [{ key: 'SHUTDOWN_LINGER' as const, problem: 'must be shorter than SHUTDOWN_GRACE' }]
      : []),
  ],
  (config) => [...findConnectionRisks(config), ...findSettingRisks(config)],
)

interface Settings {
  logLevel: string
  rateLimitEnabled: boolean
  corsOrigins: readonly string[]
  problemBaseUrl: string
  mailFrom: string
}

function findSettingRisks(config: Settings) {
  const { logLevel, rateLimitEnabled, corsOrigins, problemBaseUrl, mailFrom } = config
  const risks = {
    LOG_LEVEL: ['debug', 'trace'].includes(logLevel) && 'logs more than operators need: use info',
    RATE_LIMIT_ENABLED: !rateLimitEnabled && 'is false: passwords may be guessed at without end',
    CORS_ORIGINS: corsOrigins.some(isUnsafe) && 'has an origin without TLS, or of this machine',
    PROBLEM_BASE_URL: isUnsafe(problemBaseUrl) && 'leads to no https:// address of a public host',
    MAIL_FROM: /@localhost\b/.test(mailFrom) && 'is an address of localhost, which others refuse',
  }
  return Object.entries(risks).flatMap(([key, problem]) =>
    problem ? [{ key: key as keyof typeof risks, problem }] : [],
  )
}

const isUnsafe = (address: string): boolean => !isPublicAddress(address)

const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text

/** True also where one of them is no time span, which is told by itself. */
function isShorter(linger = '', grace: string = defaultGrace): boolean {
  const [span, whole] = [linger, grace].map((text) => duration().safeParse(text).data)
  return span === undefined || whole === undefined || span < whole
}
