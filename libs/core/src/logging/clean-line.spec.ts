import fc from 'fast-check'
import { cleanLine } from './clean-line.ts'

const clean = (msg: string): string =>
  (JSON.parse(cleanLine(JSON.stringify({ msg }))) as { msg: string }).msg

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
    ['-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----', '[redacted]'],
  ])('hides the secret of %j', (written, shown) => {
    expect(clean(written)).toBe(shown)
  })

  it.each([
    'GET /api/v1/users?page=2&sort=id:desc 200',
    'http://localhost:3000/@handle',
    'mail to ada@example.com failed',
    'exit code=1, state=open',
    'auth.invalid_refresh_token',
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
  ])('takes time in proportion to its length: %j', (piece) => {
    const line = JSON.stringify({ msg: `=@ PRIVATE KEY ${piece.repeat(200_000 / piece.length)}` })
    const startedAt = performance.now()
    cleanLine(line)
    expect(performance.now() - startedAt).toBeLessThan(500)
  })
})
