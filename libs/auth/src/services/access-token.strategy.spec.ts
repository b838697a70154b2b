import { decode, sign, type JwtPayload } from 'jsonwebtoken'
import request from 'supertest'
import { authEnvironment, createUser, signIn, startAuth, type TestAuth } from '../testing/index.ts'
import { readSigningKey } from './signing-key.ts'

const environment = authEnvironment()
const { privateKey, kid } = readSigningKey(environment['AUTH_JWT_PRIVATE_KEY'] ?? '')
let auth: TestAuth
let claims: JwtPayload

beforeAll(async () => {
  auth = await startAuth(environment)
  const { user, password } = await createUser(auth.store)
  const { authorization } = await signIn(auth.url, { email: user.email, password })
  claims = decode(authorization.slice('Bearer '.length)) as JwtPayload
})
afterAll(() => auth.stop())

/** A profile asked for with a token of our own key; `undefined` takes a claim away. */
function ask(over: Record<string, unknown> = {}) {
  const payload = JSON.stringify({ ...claims, ...over })
  const token = sign(payload, privateKey, { algorithm: 'ES256', keyid: kid })
  return request(auth.url).get('/api/v1/profile').set('authorization', `Bearer ${token}`)
}

const now = () => Math.floor(Date.now() / 1_000)

describe('an access token', () => {
  it('has exactly the claims iss, aud, sub, sid, iat, exp and jti', async () => {
    expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub'])
    expect(claims).toMatchObject({ iss: 'http://api.test', aud: 'ashlar' })
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(900)
    await ask().expect(200)
  })

  it.each(['iss', 'aud', 'sub', 'sid', 'iat', 'exp', 'jti'])('is refused without %s', (claim) =>
    ask({ [claim]: undefined }).expect(401),
  )

  it.each([
    ['from another issuer', () => ({ iss: 'http://elsewhere.test' })],
    ['for another audience', () => ({ aud: 'elsewhere' })],
    ['of another user', () => ({ sub: '999999' })],
    ['whose user is no number', () => ({ sub: '1 OR 1=1' })],
    ['of no session', () => ({ sid: '00000000-0000-7000-8000-000000000000' })],
    ['whose session is no id', () => ({ sid: 'x' })],
    ['that expired a minute ago', () => ({ exp: now() - 60 })],
    ['that was issued a minute ahead', () => ({ iat: now() + 60 })],
    ['that begins a minute from now', () => ({ nbf: now() + 60 })],
    ['whose times are text', () => ({ iat: String(now()) })],
    ['whose times are no whole seconds', () => ({ exp: now() + 60.5 })],
    ['that was issued within a second', () => ({ iat: now() - 0.5 })],
    ['for a list of audiences, ours alone', () => ({ aud: ['ashlar'] })],
    ['for a list of audiences, ours among them', () => ({ aud: ['elsewhere', 'ashlar'] })],
    ['from a list of issuers', () => ({ iss: ['http://api.test'] })],
    ['whose user is a number', () => ({ sub: Number(claims.sub) })],
    ['whose user has a zero in front', () => ({ sub: `0${claims.sub}` })],
    ['whose own id is no UUID', () => ({ jti: 'x' })],
    ['with a claim of another protocol', () => ({ scope: 'openid' })],
    ['with a time of beginning, though it is past', () => ({ nbf: now() - 60 })],
    ['with a claim that is null', () => ({ azp: null })],
  ])('is refused %s', async (_name, over) => {
    const answer = await ask(over()).expect(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
  })

  it('is taken up to half a minute off, because clocks differ', async () => {
    await ask({ exp: now() - 10 }).expect(200)
    await ask({ iat: now() + 10 }).expect(200)
  })

  it('is refused when its payload is no object', async () => {
    const token = sign('null', privateKey, { algorithm: 'ES256', keyid: kid })
    await request(auth.url)
      .get('/api/v1/profile')
      .set('authorization', `Bearer ${token}`)
      .expect(401)
  })
})
