import { randomBytes, randomInt } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { coreConfig, parseConfig, type Environment } from './index.ts'

const sound = {
  DATABASE_URL: 'postgresql://ashlar:secret@localhost:5432/ashlar',
  REDIS_URL: 'redis://localhost:6379',
  SMTP_URL: 'smtp://localhost:25',
}

const schemes = {
  DATABASE_URL: 'postgresql',
  DATABASE_DIRECT_URL: 'postgres',
  REDIS_URL: 'rediss',
  SMTP_URL: 'smtps',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'https',
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https',
} as const

const faultOf = (environment: Environment): Error | undefined => {
  try {
    parseConfig({ core: coreConfig }, { ...sound, ...environment })
    return undefined
  } catch (error) {
    return error as Error
  }
}

describe('the address of a server', () => {
  const [first, second] = [randomBytes(6).toString('hex'), randomBytes(6).toString('hex')]

  const digits = String(randomInt(10_000, 65_535))

  describe.each(Object.entries(schemes))('in %s', (key, scheme) => {
    it.each([
      ['several', `${first}@${second}/w#rd%`],
      ['a slash', `${first}/${second}`],
      ['a slash behind digits', `${digits}/${second}`],
      ['a question mark', `${first}?${second}`],
      ['a question mark behind digits', `${digits}?${second}`],
      ['a hash', `${first}#${second}`],
      ['a percent sign', `${first}%${second}`.replace(/%./, '%z')],
      ['a percent sign at the end', `${first}${second}%`],
      ['bytes that are no UTF-8', `${first}%ff${second}`],
      ['a blank', `${first} ${second}`],
      ['a line break', `${first}\n${second}`],
      ['a backslash', `${first}\\${second}`],
    ])('is refused without a part of it where the password has %s', (_what, password) => {
      const error = faultOf({ [key]: `${scheme}://user:${password}@server.test:1234/1` })
      expect(error?.message).toMatch(new RegExp(`^${key} [^\\n]*write % as %25, @ as %40[^\\n]*$`))
      expect(inspect(error, { depth: 9 })).not.toMatch(new RegExp(`${first}|${second}|${digits}`))
    })

    it('takes any password that is percent-encoded', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme' }), (password) => {
          const url = `${scheme}://user:${encodeURIComponent(password)}@server.test:1234/1`
          expect(faultOf({ [key]: url })).toBeUndefined()
        }),
      )
    })

    it('takes what has one meaning only: a colon, an @ before the last one', () => {
      expect(faultOf({ [key]: `${scheme}://me@here.test:a:b@server.test:1234/1` })).toBeUndefined()
    })
  })

  it.each(['schema=app1', 'sslmode=require&schema=app1', 'options=-c%20search_path%3Dapp1'])(
    'of a database names no schema: ?%s',
    (parameters) => {
      for (const key of ['DATABASE_URL', 'DATABASE_DIRECT_URL'])
        expect(faultOf({ [key]: `${sound.DATABASE_URL}?${parameters}` })?.message).toMatch(
          new RegExp(`^${key} asks for a schema of its own`),
        )
    },
  )

  it('of a database is refused where a comment in .env has cut it', () => {
    expect(faultOf({ DATABASE_URL: 'postgresql://user:12345' })?.message).toMatch(
      /^DATABASE_URL has neither a user nor a database: in \.env, # begins a comment/,
    )
    expect(faultOf({ DATABASE_URL: 'postgresql://localhost/ashlar' })).toBeUndefined()
  })

  it('of a database may name the schema that is used, and options of other kinds', () => {
    for (const parameters of ['schema=public', 'options=-c%20work_mem%3D8MB'])
      expect(faultOf({ DATABASE_URL: `${sound.DATABASE_URL}?${parameters}` })).toBeUndefined()
  })

  it('of a database names certificates that can be read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'certificates-'))
    const file = join(folder, 'ca.pem')
    const url = `${sound.DATABASE_URL}?sslmode=require&sslrootcert=${file}`
    expect(faultOf({ DATABASE_URL: url })?.message).toContain('a file in sslrootcert that cannot')
    writeFileSync(file, '')
    expect(faultOf({ DATABASE_URL: url })).toBeUndefined()
    rmSync(folder, { recursive: true })
  })
})

describe('the headers for a collector of traces', () => {
  it.each(['authorization=Basic%20dXNlcg%3D%3D', 'a=b,c=d', 'x-key=two words'])(
    'take %s',
    (value) => {
      expect(faultOf({ OTEL_EXPORTER_OTLP_HEADERS: value })).toBeUndefined()
    },
  )

  it.each([
    `authorization=secret%`,
    'secret',
    'a=secret,b',
    'a=s%ffecret',
    'a b=secret',
    'a=secret\n',
  ])('are refused without a part of them: %j', (value) => {
    for (const key of ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS']) {
      const error = faultOf({ [key]: value })
      expect(error?.message).toMatch(new RegExp(`^${key} must be name=value`))
      expect(inspect(error, { depth: 9 })).not.toContain('ecret')
    }
  })
})
