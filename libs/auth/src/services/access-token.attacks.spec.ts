import { createHash, generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { decode, sign, type JwtPayload } from 'jsonwebtoken'
import request from 'supertest'
import { authEnvironment, createUser, signIn, startAuth, type TestAuth } from '../testing/index.ts'
import { publicKeysOf, readSigningKey } from './signing-key.ts'

const environment = authEnvironment()
const ours = readSigningKey(environment['AUTH_JWT_PRIVATE_KEY'] ?? '')
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
let auth: TestAuth
let good: string
let claims: JwtPayload

beforeAll(async () => {
  auth = await startAuth(environment)
  const { user, password } = await createUser(auth.store)
  const { authorization } = await signIn(auth.url, { email: user.email, password })
  good = authorization.slice('Bearer '.length)
  claims = decode(good) as JwtPayload
})
afterEach(async () => {
  await ask(`Bearer ${good}`).expect(200)
})
afterAll(() => auth.stop())

const ask = (authorization: string, url = auth.url) =>
  request(url).get('/api/v1/profile').set('authorization', authorization)

async function expectRefused(token: string) {
  const answer = await ask(`Bearer ${token}`).expect(401)
  expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
  expect(answer.body.code).toBe('auth.invalid_access_token')
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

const signWith = (key: KeyObject, header: object, payload: unknown = claims) =>
  sign(JSON.stringify(payload), key, {
    algorithm: 'ES256',
    header: { alg: 'ES256', kid: ours.kid, ...header },
  })

/** Signs two parts as they are written, which no library does. */
function signParts(head: string, payload: string): string {
  const key = { key: ours.privateKey, dsaEncoding: 'ieee-p1363' } as const
  const signature = signBytes('sha256', Buffer.from(`${head}.${payload}`), key)
  return `${head}.${payload}.${signature.toString('base64url')}`
}

const signText = (head: string, payload: string): string =>
  signParts(Buffer.from(head).toString('base64url'), Buffer.from(payload).toString('base64url'))

/** The same bytes to a lenient reader: the last letter has bits that count for nothing. */
function withSpareBit(part: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const twin = part.slice(0, -1) + (letters[letters.indexOf(part.slice(-1)) ^ 1] ?? '')
  expect(Buffer.from(twin, 'base64url')).toEqual(Buffer.from(part, 'base64url'))
  return twin
}

describe('a token is refused', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', ''])('with the algorithm "%s"', async (alg) => {
    const [, payload, signature] = good.split('.')
    const head = encode({ alg, typ: 'JWT', kid: ours.kid })
    for (const end of [signature, '', 'AA']) await expectRefused(`${head}.${payload}.${end}`)
  })

  it.each(['HS256', 'HS384', 'HS512'] as const)('with %s and our public key', async (algorithm) => {
    const [jwk] = publicKeysOf([ours]).keys
    const secrets = [
      ours.publicKey.export({ format: 'pem', type: 'spki' }),
      ours.publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify(jwk),
    ]
    for (const secret of secrets)
      await expectRefused(sign(JSON.stringify(claims), secret, { algorithm, keyid: ours.kid }))
  })

  it('with another curve or another kind of key', async () => {
    const { privateKey: p384 } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    const payload = JSON.stringify(claims)
    await expectRefused(sign(payload, p384, { algorithm: 'ES384', keyid: ours.kid }))
    await expectRefused(sign(payload, rsa, { algorithm: 'RS256', keyid: ours.kid }))
    await expectRefused(sign(payload, rsa, { algorithm: 'PS256', keyid: ours.kid }))
    await expectRefused(sign(payload, stranger, { algorithm: 'ES256', keyid: ours.kid }))
  })

  it.each([
    ['unknown', 'x'],
    ['a path', '../../../../dev/null'],
    ['SQL', "' OR '1'='1"],
    ['a name of JavaScript', '__proto__'],
    ['of 2 KB', 'k'.repeat(2_000)],
    ['of 10 KB', 'k'.repeat(10_000)],
    ['a number', 1],
    ['a list', [createHash('sha256').digest('hex')]],
    ['null', null],
    ['absent', undefined],
  ])('with a kid that is %s', (_name, kid) => expectRefused(signWith(ours.privateKey, { kid })))

  it.each(['jku', 'x5u', 'jwk', 'x5c'])(
    'with a key of its own in %s, which nobody asks for',
    async (name) => {
      let calls = 0
      const elsewhere = createServer((_request, response) => {
        calls += 1
        response.end('{}')
      })
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
      const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/jwks.json`
      const { x, y } = stranger.export({ format: 'jwk' })
      const jwk = { kty: 'EC', crv: 'P-256', x, y, kid: ours.kid }
      const values: Record<string, unknown> = { jku: url, x5u: url, jwk, x5c: ['MIIB'] }
      await expectRefused(signWith(stranger, { [name]: values[name] }))
      await expectRefused(signWith(stranger, { [name]: values[name], kid: 'theirs' }))
      expect(calls).toBe(0)
      elsewhere.close()
    },
  )

  it('with an extension that it calls critical', async () => {
    await expectRefused(signWith(ours.privateKey, { crit: ['exp'] }))
    await expectRefused(signWith(ours.privateKey, { crit: [] }))
    await expectRefused(signWith(ours.privateKey, { b64: false, crit: ['b64'] }))
  })

  it.each([
    ['another type', { typ: 'at+jwt' }],
    ['a type that is no text', { typ: ['JWT'] }],
    ['a content type', { cty: 'JWT' }],
    ['a member that nobody knows', { stone: 'granite' }],
  ])('with a header that has %s', (_name, header) =>
    expectRefused(signWith(ours.privateKey, header)),
  )

  it('with a member that is there twice, in the header or in the payload', async () => {
    const head = JSON.stringify({ alg: 'ES256', typ: 'JWT', kid: ours.kid })
    const body = JSON.stringify(claims)
    const twice = (text: string, member: string) => `{${member},${text.slice(1)}`
    await expectRefused(signText(twice(head, '"kid":"theirs"'), body))
    await expectRefused(signText(head, twice(body, '"sub":"1"')))
    await expectRefused(signText(head, twice(body, '"su\\u0062":"1"')))
    await ask(`Bearer ${signText(head, body)}`).expect(200)
  })

  it.each([
    ['blanks between its members', (text: string) => text.replace(',', ', ')],
    ['a blank in front', (text: string) => ` ${text}`],
    ['a mark of byte order', (text: string) => `\uFEFF${text}`],
    ['a time in another notation', (text: string) => text.replace(/"iat":(\d+)/, '"iat":$1.0')],
    ['an escape that is not needed', (text: string) => text.replace('"sub"', '"\\u0073ub"')],
  ])('with a payload that has %s', async (_name, change) => {
    const head = JSON.stringify({ alg: 'ES256', typ: 'JWT', kid: ours.kid })
    await expectRefused(signText(head, change(JSON.stringify(claims))))
  })

  it('with bits to spare at the end of a part', async () => {
    const [head = '', payload = '', signature = ''] = good.split('.')
    await expectRefused(`${head}.${payload}.${withSpareBit(signature)}`)
    await expectRefused(signParts(withSpareBit(head), payload))
    await ask(`Bearer ${signParts(head, payload)}`).expect(200)
  })

  it.each([
    ['null', null],
    ['a list', [1]],
    ['a text', 'text'],
    ['a number', 1],
    ['true', true],
  ])('with a payload that is %s', async (_name, payload) => {
    await expectRefused(signWith(ours.privateKey, {}, payload))
    // With this member jsonwebtoken reads the payload as JSON, as it does ours.
    await expectRefused(signWith(ours.privateKey, { typ: 'JWT' }, payload))
  })

  it.each([
    ['a changed payload', () => good.replace(/\.[^.]+\./, `.${encode({ ...claims, exp: 4e9 })}.`)],
    ['a fourth part', () => `${good}.AA`],
    ['a lost part', () => good.split('.').slice(0, 2).join('.')],
    ['padding', () => `${good}=`],
    ['a second token behind it', () => `${good} ${good}`],
    ['a comma behind it', () => `${good},`],
    ['12 KB', () => signWith(ours.privateKey, {}, { ...claims, more: 'x'.repeat(9_000) })],
    ['no content', () => '..'],
    ['broken JSON', () => `${Buffer.from('{').toString('base64url')}.${good.split('.')[1]}.AA`],
  ])('with %s', (_name, token) => expectRefused(token()))
})

describe('a token is read from one Authorization header', () => {
  it.each(['bearer', 'BEARER', 'bEaReR'])('with the scheme %s', async (scheme) => {
    await ask(`${scheme} ${good}`).expect(200)
  })

  it.each(['Token', 'JWT', 'Basic', 'Bearerx', ''])(
    'and not with the scheme "%s"',
    async (scheme) => {
      await ask(`${scheme} ${good}`).expect(401)
    },
  )

  it('and not from the query, a cookie or the body', async () => {
    const profile = `${auth.url}/api/v1/profile`
    for (const name of ['access_token', 'token', 'auth_token']) {
      await request(profile).get(`?${name}=${good}`).expect(401)
      await request(profile).get('').set('cookie', `${name}=${good}`).expect(401)
      await request(profile)
        .patch('')
        .type('form')
        .send({ [name]: good })
        .expect(401)
    }
  })

  it('and not when there are two', async () => {
    for (const [one, other] of [
      [good, good],
      [good, 'x'],
      ['x', good],
    ])
      expect(
        await sendRaw([`Authorization: Bearer ${one}`, `Authorization: Bearer ${other}`]),
      ).toMatch(/^HTTP\/1\.1 40[01] /)
  })

  it('and not from headers over the limit, which are refused as such', async () => {
    await ask(`Bearer ${'x'.repeat(20_000)}`).expect(431)
  })
})

describe('a token of one kind', () => {
  it('is none of the other kinds', async () => {
    const { user, password } = await createUser(auth.store)
    const { email } = user
    const login = await request(auth.url).post('/api/v1/auth/login').send({ email, password })
    const tokens = login.body as { access_token: string; refresh_token: string }
    const issued = { userId: user.id, email, ttlMs: 60_000 }
    const resetting = await auth.issue('reset_password', issued)
    const verifying = await auth.issue('verify_email', issued)
    const post = (path: string, body: object) =>
      request(auth.url).post(`/api/v1/auth/${path}`).send(body)

    for (const token of [tokens.refresh_token, resetting, verifying]) await expectRefused(token)
    for (const token of [tokens.access_token, tokens.refresh_token, verifying])
      await post('reset-password', { token, password: 'a new wall of stone' }).expect(400)
    for (const token of [tokens.access_token, tokens.refresh_token, resetting])
      await post('verify-email', { token }).expect(400)
    for (const token of [tokens.access_token, resetting, verifying])
      await post('refresh-token', { refresh_token: token }).expect(401)
  })
})

/** As a client does that no library keeps from it. */
async function sendRaw(headers: string[]): Promise<string> {
  const { hostname, port } = new URL(auth.url)
  const socket = connect(Number(port), hostname)
  const lines = ['GET /api/v1/profile HTTP/1.1', `Host: ${hostname}`, ...headers]
  socket.end([...lines, 'Connection: close', '', ''].join('\r\n'))
  return text(socket)
}
