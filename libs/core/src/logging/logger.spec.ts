import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { measureCpu } from '../../testing/measure-cpu.ts'
import { createLogger, requestContext, type Logger } from './index.ts'

let written: string
let log: Logger

beforeEach(() => {
  written = ''
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString()
      done()
    },
  })
  log = createLogger({ name: 'api', config: { logLevel: 'info' }, destination })
})

const lastLine = () =>
  JSON.parse(written.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>

describe('a log line', () => {
  it('is one JSON object with time, level, process and message', () => {
    log.warn({ stones: 3 }, 'built')
    expect(lastLine()).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: 'warn',
      process: 'api',
      stones: 3,
      msg: 'built',
    })
  })

  it('is not written below the level of the configuration', () => {
    log.debug('too fine')
    expect(written).toBe('')
  })

  it('stays one line whatever a client sends: line ends and terminal codes are escaped', () => {
    log.info({ agent: 'a\r\n{"level":"fatal"}\u001b[2J' }, 'b\r\nc\u001b[31m')
    for (const control of ['\r', '\n', '\u001b']) expect(written.trimEnd()).not.toContain(control)
    expect(lastLine()).toMatchObject({ msg: 'b\r\nc\u001b[31m', level: 'info' })
  })

  it('masks members named like a secret at any depth, also in lists and errors', () => {
    const cause = Object.assign(new Error('inner'), { headers: { Cookie: 's3cret' } })
    log.error({
      password: 's3cret',
      account: { new_password: 's3cret', list: [{ 'X-Api-Key': 's3cret' }] },
      err: Object.assign(new Error('outer', { cause }), { refreshToken: 's3cret' }),
    })
    expect(written).not.toContain('s3cret')
    expect(lastLine()).toMatchObject({
      password: '[redacted]',
      account: { new_password: '[redacted]', list: [{ 'X-Api-Key': '[redacted]' }] },
      err: {
        type: 'Error',
        message: 'outer',
        stack: expect.stringContaining('logger.spec'),
        refreshToken: '[redacted]',
        cause: { type: 'Error', message: 'inner', headers: { Cookie: '[redacted]' } },
      },
    })
  })

  it.each([
    ...['pass', 'DB_PASS', 'smtpPass', 'pwd', 'MYSQL_PWD', 'passcode', 'accessKey', 'access_key'],
    ...['signingKey', 'signature', 'x-hub-signature', 'otp', 'loginOTP', 'totp', 'pin', 'cardPin'],
    ...['secondFactorCode', 'second_factor_code', 'recoveryCode', 'recovery_codes', 'jwt'],
  ])('masks a member named %s', (name) => {
    log.info({ [name]: 's3cret', other: { [name]: 1234 } })
    expect(lastLine()).toMatchObject({ [name]: '[redacted]', other: { [name]: '[redacted]' } })
  })

  it.each(['bypass', 'compass', 'passes', 'pinned', 'spin', 'option', 'key', 'code', 'design'])(
    'keeps a member named %s',
    (name) => {
      log.info({ [name]: 'open' })
      expect(lastLine()).toMatchObject({ [name]: 'open' })
    },
  )

  it('masks what follows such a name in a list, and the value beside it', () => {
    log.info({
      rawHeaders: ['Host', 'a.example', 'Cookie', 'sid=s3cret', 'X-Api-Key', 's3cret'],
      pairs: [
        ['pin', 1234],
        ['id', 7],
      ],
      headers: [
        { name: 'Authorization', value: 's3cret' },
        { key: 'Accept', value: 'x' },
      ],
    })
    expect(lastLine()).toMatchObject({
      rawHeaders: ['Host', 'a.example', 'Cookie', '[redacted]', 'X-Api-Key', '[redacted]'],
      pairs: [
        ['pin', '[redacted]'],
        ['id', 7],
      ],
      headers: [
        { name: 'Authorization', value: '[redacted]' },
        { key: 'Accept', value: 'x' },
      ],
    })
  })

  it('ends where members lie too deep to be looked through', () => {
    let deep: object = { password: 's3cret' }
    for (let depth = 0; depth < 12; depth += 1) deep = { deep }
    log.info({ deep })
    expect(written).not.toContain('s3cret')
    expect(written).toContain('[too deep]')
  })

  it('survives an entry that holds itself', () => {
    const entry: Record<string, unknown> = { stone: 1 }
    entry['self'] = entry
    log.info(entry, 'round')
    expect(lastLine()).toMatchObject({ stone: 1, msg: 'round' })
  })

  it('looks into objects of any class, and into what they give for JSON', () => {
    class Session {
      refreshToken = 's3cret'
      id = 7
    }
    const asJson = { toJSON: () => ({ secret: 's3cret', kind: 'key' }) }
    log.info({ session: new Session(), asJson, bytes: Buffer.from('s3cret'), at: new Date(0) })
    expect(lastLine()).toMatchObject({
      session: { refreshToken: '[redacted]', id: 7 },
      asJson: { secret: '[redacted]', kind: 'key' },
      bytes: '[6 bytes]',
      at: '1970-01-01T00:00:00.000Z',
    })
  })

  it('masks what a child logger is bound to', () => {
    log
      .child({ account: { password: 's3cret' } })
      .child({ token: 's3cret', stone: 1 })
      .info('bound')
    expect(written).not.toContain('s3cret')
    expect(lastLine()).toMatchObject({ stone: 1, token: '[redacted]' })
  })

  it('masks secrets in messages, causes and lists of errors, whatever carries them', () => {
    const inner = new Error('connect postgresql://ashlar:s3cret@db/ashlar')
    const outer = new AggregateError([new Error('Authorization: Bearer s3cret')], 'both', {
      cause: inner,
    })
    log.error(outer, 'GET /reset?token=s3cret')
    log.error({ failures: [outer], body: '{"password":"s3cret"}' })
    log.error(new Error('password=s3cret'))
    expect(written).not.toContain('s3cret')
    expect(written).toContain('postgresql://[redacted]@db/ashlar')
  })

  it('says whether there is a secret, which is none', () => {
    log.info({ password: undefined, token: null, hasToken: true })
    expect(lastLine()).toMatchObject({ token: null, hasToken: true })
  })

  it('is written at once for what leads to itself in many ways, as a request does', async () => {
    const nodes: object[] = []
    for (let node = 0; node < 30; node += 1) nodes.push({ nodes, token: 's3cret' })
    const request = new IncomingMessage(new Socket())
    const { cpuMs } = await measureCpu(() => log.info({ request, nodes }))
    expect(cpuMs).toBeLessThan(2_000)
    expect(written).toContain('[too much]')
    expect(written).not.toContain('s3cret')
    expect(lastLine()).toMatchObject({ request: { method: null } })
  })

  it('is written although a member cannot be read', () => {
    const entry = Object.defineProperty({}, 'broken', {
      enumerable: true,
      get: () => {
        throw new Error('s3cret')
      },
    })
    log.info({ entry }, 'half')
    expect(lastLine()).toMatchObject({ entry: '[unreadable]', msg: 'half' })
  })

  it('leaves the entry of the caller as it was', () => {
    const entry = { token: 's3cret' }
    log.info(entry)
    expect(entry).toEqual({ token: 's3cret' })
  })

  it('names the request at hand, across awaits, and only that', async () => {
    await requestContext.run({ requestId: 'r-1' }, async () => {
      await Promise.resolve()
      log.info('inside')
    })
    expect(lastLine()).toMatchObject({ requestId: 'r-1', msg: 'inside' })
    log.info('outside')
    expect(lastLine()).not.toHaveProperty('requestId')
  })
})
