import fc from 'fast-check'
import { measureCpu } from '../../testing/measure-cpu.ts'
import { cleanLine, redactText } from './clean-line.ts'

const clean = (msg: string): string =>
  (JSON.parse(cleanLine(JSON.stringify({ msg }))) as { msg: string }).msg

const apiKey = `ak_${'Ab3_-'.repeat(9).slice(0, 43)}`
const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'

describe('a line on its way out', () => {
  it.each([
    ['Authorization: Bearer s3cret', 'Authorization: [redacted]'],
    ['sent bearer s3cret-a.b/c+d==', 'sent bearer [redacted]'],
    ['authorization: Basic dXNlcjpzM2NyZXQ=', 'authorization: [redacted]'],
    [`bad token ${jwt}, again`, 'bad token [redacted], again'],
    ['Cookie: sid=s3cret; theme=dark', 'Cookie: [redacted]'],
    ['GET /reset?token=s3cret&page=2', 'GET /reset?token=[redacted]&page=2'],
    ['/callback?code=s3cret&state=s3cret', '/callback?code=[redacted]&state=[redacted]'],
    ['password=s3cret&name=ada', 'password=[redacted]&name=ada'],
    ['host=db password=s3cret user=ashlar', 'host=db password=[redacted] user=ashlar'],
    ['postgresql://ashlar:s3cret@db:5432/ashlar', 'postgresql://[redacted]@db:5432/ashlar'],
    ['redis://:s3cret@cache/0', 'redis://[redacted]@cache/0'],
    ['smtp://me:s3@cret@mail', 'smtp://[redacted]@mail'],
    ['https://s3cret@errors.example.com/1', 'https://[redacted]@errors.example.com/1'],
    ['{"user":{"password":"s3cret","id":1}}', '{"user":{"password":"[redacted]","id":1}}'],
    ['{"password":"s3\\"cret","id":1}', '{"password":"[redacted]","id":1}'],
    ["{ password: 's3cret', id: 1 }", "{ password: '[redacted]', id: 1 }"],
    ["{ 'x-api-key': 's3cret' }", "{ 'x-api-key': '[redacted]' }"],
    ['password: s3cret, user: ada', 'password: [redacted], user: ada'],
    ['X-Api-Key: s3cret', 'X-Api-Key: [redacted]'],
    ['X-Auth-Token:Bearer s3cret\r\nAccept: */*', 'X-Auth-Token:[redacted]\r\nAccept: */*'],
    ['login failed: password: s3cret', 'login failed: password: [redacted]'],
    ['GET / HTTP/1.1\r\nCookie: a=s3cret; b=c\r\n', 'GET / HTTP/1.1\r\nCookie: [redacted]\r\n'],
    ['first\npin: 1234', 'first\npin: [redacted]'],
    ['first\u2028otp=123456', 'first\u2028otp=[redacted]'],
    ['sent\nBearer s3cret', 'sent\nBearer [redacted]'],
    [`keys\n${jwt}\n${apiKey}`, 'keys\n[redacted]\n[redacted]'],
    [`used ${apiKey}.`, 'used [redacted].'],
    ['{"pass":"s3cret","id":1}', '{"pass":"[redacted]","id":1}'],
    ['{"pin":1234,"recoveryCodes":["s3","cret"]}', '{"pin":[redacted],"recoveryCodes":[redacted]}'],
    ['%74oken=s3cret&a=1', '%74oken=[redacted]&a=1'],
    ['user%5Botp%5D=1&user[pwd]=s3cret&%=1', 'user%5Botp%5D=[redacted]&user[pwd]=[redacted]&%=1'],
    ['to=https://a.example/?token=s3cret', 'to=https://a.example/?token=[redacted]'],
    ["password='s3 cret' user=a", "password='[redacted]' user=a"],
    ['pwd="s3 cret" user=a', 'pwd="[redacted]" user=a'],
    ["[ 'Cookie', 'sid=s3cret', 'Accept', 'x' ]", "[ 'Cookie', '[redacted]', 'Accept', 'x' ]"],
    ['["X-Api-Key","s3cret"]', '["X-Api-Key","[redacted]"]'],
    [
      "{ name: 'Authorization', value: 'Digest s3cret' }",
      "{ name: 'Authorization', value: '[redacted]' }",
    ],
    [
      '{"name":"Authorization",\n  "value":"s3cret"}',
      '{"name":"Authorization",\n  "value":"[redacted]"}',
    ],
    ['-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----', '[redacted]'],
  ])('hides the secret of %j', (written, shown) => {
    expect(clean(written)).toBe(shown)
    expect(redactText(written)).toBe(shown)
  })

  it.each([
    'GET /api/v1/users?page=2&sort=id:desc 200',
    'http://localhost:3000/@handle',
    'mail to ada@example.com failed',
    'exit code=1, state=open',
    'auth.invalid_refresh_token',
    'auth.invalid_refresh_token: The refresh token is unknown.',
    'JsonWebTokenError: signed by nobody',
    'at read (/srv/token.ts:12:3)',
    '{ hasToken: true, password: undefined }',
    '[ { name: "token", label: "Token" } ]',
    'bypass: on, compass=north, 3 tokens',
    'ak_short and eyJ alone',
    'a basic rule',
  ])('keeps what holds none: %s', (text) => {
    expect(clean(text)).toBe(text)
  })

  it('writes characters that could act on a terminal or a viewer as their codes', () => {
    const active = '\r\n\u001b[2J\u007f\u009b31m\u0085\u2028\u2029\u202e\u2066'
    const line = cleanLine(JSON.stringify({ msg: active }))
    expect(line).toMatch(/^[\x20-\x7e]+$/)
    expect(JSON.parse(line)).toEqual({ msg: active })
  })

  it('stays the JSON that it was, whatever is in it', () => {
    const pieces = [
      'password=',
      'token',
      '://',
      '@',
      'Bearer ',
      '"',
      '\\',
      '\n',
      "'",
      ': ',
      "', '",
      '\\",\\"',
      'value',
      '[',
      ']',
      'pin',
      'ak_',
      '\u2028',
      'eyJ.',
      '=',
      '&',
      'x',
    ]
    const text = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })))
    fc.assert(
      fc.property(text, fc.json(), (parts, json) => {
        const entry = { msg: parts.join(''), json, err: { stack: parts.join('\n') } }
        const shown = JSON.parse(cleanLine(JSON.stringify(entry))) as typeof entry
        expect(Object.keys(shown)).toEqual(Object.keys(entry))
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    'eyJ-',
    '://a:',
    'bearer ',
    'password=',
    '-----BEGIN ',
    "a: '",
    '\\"a\\":\\"',
    'cookie: ',
    'a.',
    'token: ',
    'token:',
    "'token', ",
    '\\"token\\",\\"',
    'pass=[',
    "pin='",
    '%70=',
    'ak_',
    'name: ',
  ])('takes time in proportion to its length: %j', async (piece) => {
    const line = JSON.stringify({ msg: `=@ PRIVATE KEY ${piece.repeat(200_000 / piece.length)}` })
    const { cpuMs } = await measureCpu(() => cleanLine(line))
    expect(cpuMs).toBeLessThan(2_000)
  })
})
