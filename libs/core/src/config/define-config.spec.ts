import { z } from 'zod'
import {
  ConfigError,
  coreConfig,
  defineConfig,
  describeConfig,
  findConfigFaults,
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

  it.each([
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
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'localhost:4318'],
    ['OTEL_SDK_DISABLED', 'yes'],
    ['OTEL_TRACES_SAMPLER_ARG', '10 %'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
  ])('refuses %s=%j', (key, value) => {
    expect(findConfigFaults({ coreConfig }, { ...required, [key]: value })).toEqual([
      expect.objectContaining({ key, problem: expect.stringMatching(/^must /) }),
    ])
  })

  it.each([
    ['MAIL_FROM', 'no-reply@example.com'],
    ['MAIL_FROM', 'Ashlar <no-reply@localhost>'],
    ['MAIL_FROM', '"Ashlar, Inc." <no-reply@example.com>'],
    ['OTEL_TRACES_SAMPLER_ARG', '0.25'],
  ])('takes %s=%j', (key, value) => {
    expect(findConfigFaults({ coreConfig }, { ...required, [key]: value })).toEqual([])
  })
})
