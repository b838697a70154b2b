import { z } from 'zod'
import {
  ConfigError,
  coreConfig,
  defineConfig,
  describeConfig,
  findConfigFaults,
  findConfigRisks,
  integer,
  key,
  parseConfig,
  url,
  type Environment,
} from './index.ts'

const greeting = defineConfig(
  {
    GREETING: key(z.string().prefault('hello'), { description: 'First word.', example: 'hello' }),
    REPEATS: key(integer(1, 9), { description: 'How often.', example: '3' }),
  },
  (env) => ({ greeting: { word: env.GREETING, repeats: env.REPEATS } }),
)
const door = defineConfig(
  {
    DOOR_URL: key(url('https'), { description: 'Where.', example: 'https://door.example.com' }),
    DOOR_SECRET: key(z.string().min(8, { error: 'must have 8 characters' }), {
      description: 'Opens it.',
      example: 'the output of: openssl rand -base64 48',
      secret: true,
    }),
    DOOR_PASSWORD: key(z.string().optional(), {
      description: 'What a person types.',
      example: 'a sentence',
      password: true,
    }),
    DOOR_BELL: key(z.string().optional(), { description: 'Rings.', example: 'a gong' }),
  },
  (env) => ({ url: env.DOOR_URL, secret: env.DOOR_SECRET }),
  ({ DOOR_PASSWORD, DOOR_BELL }) =>
    DOOR_PASSWORD !== undefined && DOOR_BELL === undefined
      ? [{ key: 'DOOR_BELL', problem: 'is missing beside DOOR_PASSWORD' }]
      : [],
)

const good = {
  REPEATS: '2',
  DOOR_URL: 'https://door.example.com',
  DOOR_SECRET: 'k'.repeat(32),
}

function parse(environment: Environment) {
  return parseConfig({ greeting, door }, environment)
}

function faultsOf(environment: Environment) {
  return findConfigFaults({ greeting, door }, environment)
}

describe('a configuration', () => {
  it('is typed, holds the defaults and cannot be changed at any depth', () => {
    const config = parse(good)
    expect(config.greeting).toEqual({ greeting: { word: 'hello', repeats: 2 } })
    expect(Object.isFrozen(config.greeting.greeting)).toBe(true)
    expect(() => Object.assign(config.door, { url: '' })).toThrow(TypeError)
  })

  it('tells every fault of every owner at once, each with key, problem and example', () => {
    expect(faultsOf({ REPEATS: '10', DOOR_URL: 'http://x', DOOR_SECRET: 'short' })).toEqual([
      { key: 'REPEATS', problem: 'must be a whole number from 1 to 9', example: '3' },
      {
        key: 'DOOR_URL',
        problem: 'must be a URL beginning with https://',
        example: 'https://door.example.com',
      },
      {
        key: 'DOOR_SECRET',
        problem: 'must have 8 characters',
        example: 'the output of: openssl rand -base64 48',
      },
    ])
  })

  it('tells what does not fit together, also beside a key that is wrong by itself', () => {
    const misfit = {
      key: 'DOOR_BELL',
      problem: 'is missing beside DOOR_PASSWORD',
      example: 'a gong',
    }
    const alone = { ...good, DOOR_PASSWORD: 'a sentence' }
    expect(faultsOf(alone)).toEqual([misfit])
    expect(faultsOf({ ...alone, DOOR_URL: 'http://x', REPEATS: '10' })).toEqual([
      expect.objectContaining({ key: 'REPEATS' }),
      expect.objectContaining({ key: 'DOOR_URL' }),
      misfit,
    ])
    expect(faultsOf({ ...alone, DOOR_BELL: 'a gong' })).toEqual([])
  })

  it('names a key that is missing, in the words that a process prints', () => {
    expect(() => parse({ ...good, DOOR_URL: undefined })).toThrow(
      new ConfigError([
        { key: 'DOOR_URL', problem: 'is missing', example: 'https://door.example.com' },
      ]),
    )
    expect(() => parse({ ...good, DOOR_URL: undefined })).toThrow(
      'DOOR_URL is missing. Example: DOOR_URL=https://door.example.com',
    )
  })

  it('never tells a value, secret or not', () => {
    const environment = { REPEATS: 'x-value', DOOR_URL: 'x-value', DOOR_SECRET: 'x-value' }
    expect(faultsOf(environment)).toHaveLength(3)
    expect(JSON.stringify(faultsOf(environment))).not.toContain('x-value')
  })

  it.each([
    ['a placeholder', { DOOR_SECRET: `changethis-${'k'.repeat(32)}` }, 'is a placeholder'],
    ['a placeholder in a URL', { DOOR_URL: 'https://a:change_me@b' }, 'is a placeholder'],
    [
      'a placeholder for a password',
      { DOOR_BELL: '', DOOR_PASSWORD: 'Change-This' },
      'is a placeholder',
    ],
    ['a secret under 32 bytes', { DOOR_SECRET: 'k'.repeat(31) }, 'is under 32 bytes'],
  ])('is refused in production, but not elsewhere, with %s', (_name, values, problem) => {
    expect(faultsOf({ ...good, ...values, APP_ENV: 'local' })).toEqual([])
    expect(faultsOf({ ...good, ...values, APP_ENV: 'production' })).toEqual([
      expect.objectContaining({ problem: `${problem}, which production refuses` }),
    ])
  })

  it('takes a short password in production, because a person types it', () => {
    const given = { ...good, DOOR_PASSWORD: 'eight ch', DOOR_BELL: 'a gong' }
    expect(faultsOf({ ...given, APP_ENV: 'production' })).toEqual([])
  })

  const gate = defineConfig(
    {
      GATE_URL: key(url('http', 'https').prefault('http://localhost:1'), {
        description: 'Where.',
        example: 'https://gate.example.com',
        public: true,
      }),
      GATE_KEY: key(z.string().min(2, { error: 'must have 2 characters' }), {
        description: 'Opens it.',
        example: 'k'.repeat(32),
        secret: true,
        processes: ['keeper'],
      }),
    },
    (env) => ({ url: env.GATE_URL, key: env.GATE_KEY }),
    ({ GATE_KEY }) => (GATE_KEY === 'odd' ? [{ key: 'GATE_KEY', problem: 'is odd' }] : []),
    (config) => (config.key === 'thin' ? [{ key: 'GATE_KEY', problem: 'is thin' }] : []),
  )

  it.each([
    ['unset, where the default is this machine', undefined],
    ['http', 'http://gate.example.com'],
    ['this machine by its name', 'https://localhost'],
    ['a name below that', 'https://gate.localhost:3000'],
    ['that name with a dot', 'https://LOCALHOST.'],
    ['this machine by its address', 'https://127.0.0.1'],
    ['another address of it', 'https://127.1.2.3:3000'],
    ['a short form of that address', 'https://127.1'],
    ['its address in IPv6', 'https://[::1]:3000'],
    ['its address in both', 'https://[::ffff:127.0.0.1]'],
    ['no address at all', 'https://0.0.0.0'],
  ])('has no public address in production that is %s', (_what, given) => {
    const environment = { GATE_URL: given, GATE_KEY: 'k'.repeat(32) }
    const fault = expect.objectContaining({
      key: 'GATE_URL',
      problem: 'must be an address with https:// that is not of this machine in production',
    })
    expect(findConfigFaults({ gate }, { ...environment, APP_ENV: 'production' })).toEqual([fault])
    for (const appEnv of ['local', 'testing', 'staging'])
      expect(findConfigFaults({ gate }, { ...environment, APP_ENV: appEnv })).toEqual([])
    expect(findConfigRisks({ gate }, { ...environment, APP_ENV: 'staging' })).toEqual([fault])
    expect(findConfigRisks({ gate }, { ...environment, APP_ENV: 'local' })).toEqual([])
  })

  it('is whole for nobody in particular, and without the keys of others for a process', () => {
    const environment = { GATE_KEY: 'thick' }
    const of = (process?: string) => parseConfig({ gate }, environment, process).gate.key
    expect([of(), of('keeper'), of('stranger')]).toEqual(['thick', 'thick', undefined])
    const faults = (given: Environment, process?: string) =>
      findConfigFaults({ gate }, given, process).map(({ problem }) => problem)
    expect(faults({})).toEqual(['is missing'])
    expect(faults({}, 'keeper')).toEqual(['is missing'])
    expect(faults({}, 'stranger')).toEqual([])
    expect(faults({ GATE_KEY: 'odd' }, 'keeper')).toEqual(['is odd'])
    expect(faults({ GATE_KEY: 'odd' }, 'stranger')).toEqual([])
    expect(faults({ GATE_KEY: 'x' }, 'stranger')).toEqual([])
    expect(describeConfig({ gate })).toMatchObject([{ required: false }, { required: true }])
  })

  it('is reviewed outside of development, for what the process reads', () => {
    const given = { GATE_URL: 'https://gate.example.com', GATE_KEY: 'thin' }
    const risk = { key: 'GATE_KEY', problem: 'is thin' }
    const risks = (appEnv: string | undefined, process?: string) =>
      findConfigRisks({ gate }, { ...given, APP_ENV: appEnv }, process)
    expect(risks('staging', 'keeper')).toContainEqual(risk)
    expect(risks('production')).toContainEqual(risk)
    expect(risks('production', 'stranger')).toEqual([])
    for (const appEnv of ['local', 'testing', undefined]) expect(risks(appEnv)).toEqual([])
  })

  it('cannot be declared with a key that nobody described', () => {
    const silent = defineConfig({ SILENT: z.string() }, (env) => ({ silent: env.SILENT }))
    expect(() => findConfigFaults({ silent }, {})).toThrow('SILENT has no description')
  })

  it('says of each key whether it is required, and its default', () => {
    expect(describeConfig({ greeting })).toEqual([
      {
        key: 'GREETING',
        description: 'First word.',
        example: 'hello',
        required: false,
        default: 'hello',
      },
      { key: 'REPEATS', description: 'How often.', example: '3', required: true },
    ])
  })
})

describe('the configuration of the platform', () => {
  const required = {
    DATABASE_URL: 'postgresql://localhost/ashlar',
    REDIS_URL: 'redis://localhost:6379',
    SMTP_URL: 'smtp://localhost',
  }
  const parseCore = (environment: Environment = {}) =>
    parseConfig({ core: coreConfig }, { ...required, ...environment }).core

  it('needs the three servers and nothing else', () => {
    expect(findConfigFaults({ coreConfig }, {}).map(({ key }) => key)).toEqual([
      'DATABASE_URL',
      'REDIS_URL',
      'SMTP_URL',
    ])
    expect(parseCore()).toMatchObject({ appEnv: 'local', shutdownGraceMs: 10_000, corsOrigins: [] })
  })

  it('takes every example that it gives', () => {
    const examples = describeConfig({ coreConfig }).map(({ key, example }) => [key, example])
    expect(findConfigFaults({ coreConfig }, Object.fromEntries(examples))).toEqual([])
  })

  it('derives addresses without a slash at their end', () => {
    expect(parseCore({ APP_URL: 'https://api.example.com//' })).toMatchObject({
      appUrl: 'https://api.example.com',
      problemBaseUrl: 'https://api.example.com/problems',
      databaseDirectUrl: required.DATABASE_URL,
    })
    expect(parseCore({ PROBLEM_BASE_URL: 'https://problems.example.com/' }).problemBaseUrl).toBe(
      'https://problems.example.com',
    )
  })

  it('traces where an endpoint is named, unless the SDK is switched off', () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }
    expect(parseCore().tracing).toBe(false)
    expect(parseCore(endpoint).tracing).toBe(true)
    const ofTraces = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://localhost:4318/v1/traces' }
    expect(parseCore(ofTraces).tracing).toBe(true)
    expect(parseCore({ ...endpoint, OTEL_SDK_DISABLED: 'true' }).tracing).toBe(false)
  })

  it('serves the public and the management on two ports', () => {
    const ports = (PORT: string, MANAGEMENT_PORT?: string) =>
      findConfigFaults({ coreConfig }, { ...required, PORT, MANAGEMENT_PORT })
    expect(ports('9464', '9464')).toEqual([
      { key: 'MANAGEMENT_PORT', problem: 'must be another port than PORT', example: '9464' },
    ])
    for (const [port, management] of [['3000', '9464'], ['9464'], ['0', '0']] as const)
      expect(ports(port, management)).toEqual([])
  })

  it('lingers for a third of the grace and five seconds at most, or as long as it is told within the grace', () => {
    expect(parseCore().shutdownLingerMs).toBeCloseTo(3_333, 0)
    expect(parseCore({ SHUTDOWN_GRACE: '1h' }).shutdownLingerMs).toBe(5_000)
    expect(parseCore({ SHUTDOWN_LINGER: '8s' }).shutdownLingerMs).toBe(8_000)
    const problem = 'must be shorter than SHUTDOWN_GRACE'
    for (const spans of [
      { SHUTDOWN_LINGER: '10s' },
      { SHUTDOWN_LINGER: '2s', SHUTDOWN_GRACE: '2000ms' },
    ])
      expect(findConfigFaults({ coreConfig }, { ...required, ...spans })).toMatchObject([
        { key: 'SHUTDOWN_LINGER', problem },
      ])
  })

  it.each([
    ['is missing', {}],
    ['is the same as DATABASE_URL', { DATABASE_DIRECT_URL: required.DATABASE_URL }],
  ])('refuses a pooler where the direct address %s', (state, direct) => {
    const given = { ...required, DATABASE_POOLER: 'true' }
    expect(findConfigFaults({ coreConfig }, { ...given, ...direct })).toMatchObject([
      { key: 'DATABASE_DIRECT_URL', problem: expect.stringContaining(state) },
    ])
    const DATABASE_DIRECT_URL = 'postgresql://ashlar:password@db.internal:5432/ashlar'
    expect(findConfigFaults({ coreConfig }, { ...given, DATABASE_DIRECT_URL })).toEqual([])
  })

  it('limits the connections of an address, unless a proxy stands before or the limit is 0', () => {
    expect(parseCore().connectionsPerAddress).toBe(2_000)
    expect(parseCore({ CONNECTIONS_PER_ADDRESS: '50' }).connectionsPerAddress).toBe(50)
    for (const off of [
      { CONNECTIONS_PER_ADDRESS: '0' },
      { CONNECTIONS_PER_ADDRESS: '50', TRUST_PROXY: '1' },
    ])
      expect(parseCore(off).connectionsPerAddress).toBe(Infinity)
  })

  it.each<[string, string]>([
    ['APP_ENV', 'prod'],
    ['APP_NAME', 'a:b'],
    ['APP_URL', 'localhost:3000'],
    ['APP_URL', 'http:/localhost'],
    ['PORT', '65536'],
    ['PORT', '0x50'],
    ['TRUST_PROXY', 'true'],
    ['CORS_ORIGINS', 'https://app.example.com/'],
    ['CORS_ORIGINS', '*'],
    ['DATABASE_URL', 'mysql://localhost'],
    ['DATABASE_POOL_SIZE', '0'],
    ['REDIS_URL', 'localhost'],
    ['MAIL_FROM', 'no-reply'],
    ['MAIL_FROM', '@@ broken @@'],
    ['MAIL_FROM', 'a@example.com, b@example.com'],
    ['MAIL_FROM', 'Ashlar, Inc. <a@example.com>'],
    ['MAIL_FROM', 'a@example.com\r\nBcc: b@example.com'],
    ['LOG_LEVEL', 'verbose'],
    ['SHUTDOWN_GRACE', '10'],
    ['SHUTDOWN_GRACE', '0s'],
    ...[
      'http://localhost',
      '127.0.0.1:3000',
      '[::1]:3000',
      '256.1.1.1',
      '1.2.3',
      'a b',
      '-a',
      '*',
    ].map((host): [string, string] => ['HOST', host]),
    ['MANAGEMENT_HOST', '::1::'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'localhost:4318'],
    ['OTEL_SDK_DISABLED', 'yes'],
    ['OTEL_TRACES_SAMPLER_ARG', '10 %'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
  ])('refuses %s=%j', (key, value) => {
    expect(findConfigFaults({ coreConfig }, { ...required, [key]: value })).toEqual([
      expect.objectContaining({ key, problem: expect.stringMatching(/^must /) }),
    ])
  })

  it.each<[string, string]>([
    ['MAIL_FROM', 'no-reply@example.com'],
    ['MAIL_FROM', 'Ashlar <no-reply@localhost>'],
    ['MAIL_FROM', '"Ashlar, Inc." <no-reply@example.com>'],
    ['OTEL_TRACES_SAMPLER_ARG', '0.25'],
    ...['127.0.0.1', '0.0.0.0', '::', '[::1]', 'fe80::1%eth0', 'localhost', 'api.internal'].map(
      (host): [string, string] => ['HOST', host],
    ),
  ])('takes %s=%j', (key, value) => {
    expect(findConfigFaults({ coreConfig }, { ...required, [key]: value })).toEqual([])
  })

  it('has the management port on the host of the public one, unless it has its own', () => {
    expect(parseCore()).toMatchObject({ host: undefined, managementHost: undefined })
    expect(parseCore({ HOST: '[::1]' })).toMatchObject({ host: '::1', managementHost: '::1' })
    const both = { HOST: '127.0.0.1', MANAGEMENT_HOST: '10.0.0.5' }
    expect(parseCore(both)).toMatchObject({ host: '127.0.0.1', managementHost: '10.0.0.5' })
  })

  const safe = {
    APP_ENV: 'production',
    APP_URL: 'https://api.example.com',
    DATABASE_URL: 'postgresql://a:b@db.example.com/ashlar?sslmode=verify-full',
    REDIS_URL: 'rediss://:p@redis.example.com',
    SMTP_URL: 'smtps://mail.example.com',
    MAIL_FROM: 'no-reply@example.com',
  }
  const risksOf = (over: Environment, process = 'worker') =>
    findConfigRisks({ coreConfig }, { ...safe, ...over }, process)

  it.each<[string, Environment]>([
    ['all that is safe', {}],
    ['servers of this machine', { ...required, REDIS_URL: 'redis://[::1]:6379' }],
    ['a socket', { DATABASE_URL: 'postgresql://a@x/ashlar?host=/var/run/postgresql' }],
    ['a certificate that is checked', { DATABASE_URL: 'postgres://a@db/a?sslmode=verify-ca' }],
    ['mails with STARTTLS', { SMTP_URL: 'smtp://mail.example.com?requireTLS=true' }],
    ['mails with a password, which need TLS', { SMTP_URL: 'smtp://a:b@mail.example.com' }],
    ['pages with TLS', { CORS_ORIGINS: 'https://app.example.com' }],
  ])('warns in production of nothing for %s', (_what, over) => {
    expect(risksOf(over)).toEqual([])
  })

  it.each([
    ['DATABASE_URL', 'postgresql://a:pw@db/a'],
    ['DATABASE_URL', 'postgresql://a:pw@db/a?sslmode=require'],
    ['DATABASE_URL', 'postgresql://a:pw@db/a?sslmode=prefer'],
    ['DATABASE_URL', 'postgresql://a:pw@db/a?sslmode=no-verify'],
    ['DATABASE_URL', 'postgresql://a:pw@db/a?sslmode=disable'],
    ['DATABASE_DIRECT_URL', 'postgresql://a:pw@10.0.0.5/a'],
    ['REDIS_URL', 'redis://:pw@redis:6379'],
    ['REDIS_URL', 'rediss://redis.example.com'],
    ['SMTP_URL', 'smtp://mail.example.com:587'],
    ['SMTP_URL', 'smtps://a:pw@mail.example.com?tls.rejectUnauthorized=false'],
    ['LOG_LEVEL', 'debug'],
    ['LOG_LEVEL', 'trace'],
    ['RATE_LIMIT_ENABLED', 'false'],
    ['CORS_ORIGINS', 'https://app.example.com,http://app.example.com'],
    ['CORS_ORIGINS', 'https://localhost:5173'],
    ['PROBLEM_BASE_URL', 'http://api.example.com/problems'],
    ['MAIL_FROM', 'Ashlar <no-reply@localhost>'],
  ])('warns in production and in staging of %s=%s, without the value', (key, value) => {
    for (const appEnv of ['production', 'staging']) {
      const risks = risksOf({ [key]: value, APP_ENV: appEnv })
      expect(risks).toEqual([expect.objectContaining({ key })])
      expect(JSON.stringify(risks)).not.toMatch(/pw|example\.com/)
    }
    expect(risksOf({ [key]: value, APP_ENV: 'local' })).toEqual([])
  })

  it('warns of the mail server in the one process that reads it', () => {
    const open = { SMTP_URL: 'smtp://mail.example.com' }
    expect([risksOf(open, 'worker').length, risksOf(open, 'api').length]).toEqual([1, 0])
  })
})
