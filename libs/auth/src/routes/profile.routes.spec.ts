import { generateKeyPairSync } from 'node:crypto'
import { sign } from 'jsonwebtoken'
import request from 'supertest'
import { createUser, signIn, startAuth, type TestAuth } from '../testing/index.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth()
})
afterAll(() => auth.stop())

const readProfile = (headers: Record<string, string>) =>
  request(auth.url).get('/api/v1/profile').set(headers)

async function signedIn() {
  const { user, password } = await createUser(auth.store)
  return { user, headers: await signIn(auth.url, { email: user.email, password }) }
}

describe('GET /profile', () => {
  it('answers the own full user', async () => {
    const { user, headers } = await signedIn()
    const answer = await readProfile(headers).expect(200)
    expect(answer.body.data).toMatchObject({ id: user.id, email: user.email, role: 'user' })
    expect(answer.text).not.toMatch(/password|deleted/i)
  })

  it('takes the scheme in any case', async () => {
    const { headers } = await signedIn()
    await readProfile({ authorization: headers.authorization.replace('Bearer', 'bEARER') }).expect(
      200,
    )
  })

  it('answers 401 with a bare challenge when nothing was sent', async () => {
    const answer = await request(auth.url).get('/api/v1/profile').expect(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer')
    expect(answer.body).toMatchObject({ code: 'auth.invalid_access_token', status: 401 })
  })

  it.each([
    ['no token', () => 'not-a-token'],
    ['trailing data', (token: string) => `${token}.more`],
    ['another signature', (token: string) => `${token.slice(0, -8)}AAAAAAAA`],
    ['no signature', (token: string) => token.replace(/\.[^.]+$/, '.')],
    ['20 KB', () => 'a'.repeat(15_000)],
  ])('answers 401 to a token with %s, and says that it is invalid', async (_name, forge) => {
    const { headers } = await signedIn()
    const token = forge(headers.authorization.slice('Bearer '.length))
    const answer = await readProfile({ authorization: `Bearer ${token}` }).expect(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
  })

  it.each([
    ['the algorithm none', { alg: 'none' }],
    ['an unknown key id', { alg: 'ES256', kid: 'unknown' }],
    ['a critical extension', { alg: 'ES256', crit: ['exp'] }],
  ])('answers 401 to a token whose header has %s', async (_name, header) => {
    const { headers } = await signedIn()
    const [head = '', claims = '', signature = ''] = headers.authorization.slice(7).split('.')
    const given = JSON.parse(Buffer.from(head, 'base64url').toString()) as object
    const forged = Buffer.from(JSON.stringify({ ...given, ...header })).toString('base64url')
    await readProfile({ authorization: `Bearer ${forged}.${claims}.${signature}` }).expect(401)
  })

  it('answers 401 to a token that another key signed', async () => {
    const { headers } = await signedIn()
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const [head = '', claims = ''] = headers.authorization.slice(7).split('.')
    const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }
    const payload = JSON.parse(Buffer.from(claims, 'base64url').toString()) as object
    const forged = sign(payload, privateKey, { algorithm: 'ES256', keyid: kid })
    await readProfile({ authorization: `Bearer ${forged}` }).expect(401)
  })

  it('answers 401 once the session ended, expired, or its user was deleted', async () => {
    const { client } = auth.core.database
    const ended = await signedIn()
    await client.session.updateMany({
      where: { userId: ended.user.id },
      data: { endedAt: auth.clock.now() },
    })
    await readProfile(ended.headers).expect(401)

    const expired = await signedIn()
    await client.session.updateMany({
      where: { userId: expired.user.id },
      data: { expiresAt: auth.clock.now() },
    })
    await readProfile(expired.headers).expect(401)

    const deleted = await signedIn()
    await client.user.delete({ where: { id: deleted.user.id } })
    await readProfile(deleted.headers).expect(401)
  })

  it('answers 403 to a user who is not active', async () => {
    const { user, headers } = await signedIn()
    await auth.core.database.client.user.update({
      where: { id: user.id },
      data: { status: 'inactive' },
    })
    const answer = await readProfile(headers).expect(403)
    expect(answer.body.code).toBe('auth.inactive_user')
  })
})
