import { randomUUID } from 'node:crypto'
import request from 'supertest'
import { createUser, signIn, startAuth, type TestAuth } from '../testing/index.ts'
import { createVerifiedTokens, type AccessClaims } from './verified-tokens.ts'

const claimsOf = (jti: string): AccessClaims => ({ sub: '1', sid: '', jti, iat: 0, exp: 0 })

const tokenOf = (jti: string, signature = 'sig') =>
  `head.${Buffer.from(JSON.stringify({ jti })).toString('base64url')}.${signature}`

describe('what was verified', () => {
  it('is known by its very bytes, whoever writes the same token in another way', () => {
    const verified = createVerifiedTokens()
    verified.add(tokenOf('a'), claimsOf('a'))
    expect(verified.find(tokenOf('a'))).toEqual(claimsOf('a'))
    for (const other of [tokenOf('a', 'sih'), tokenOf('b'), '', 'x', 'a.b.c', 'a.bnVsbA.c'])
      expect(verified.find(other)).toBeUndefined()
  })

  it('takes one place for each token, however it is written', () => {
    const verified = createVerifiedTokens(2)
    verified.add(tokenOf('a'), claimsOf('a'))
    for (let twin = 0; twin < 10; twin++) verified.add(tokenOf('b', `${twin}`), claimsOf('b'))
    expect(verified.find(tokenOf('a'))).toBeDefined()
    expect(verified.find(tokenOf('b', '9'))).toBeDefined()
    expect(verified.find(tokenOf('b', '8'))).toBeUndefined()
  })

  it('is forgotten when it was not used for longest and others need the place', () => {
    const verified = createVerifiedTokens(2)
    for (const jti of ['a', 'b']) verified.add(tokenOf(jti), claimsOf(jti))
    verified.find(tokenOf('a'))
    verified.add(tokenOf('c'), claimsOf('c'))
    expect(verified.find(tokenOf('b'))).toBeUndefined()
    expect(verified.find(tokenOf('a'))).toBeDefined()
    expect(verified.find(tokenOf('c'))).toBeDefined()
  })
})

describe('a token that was used before', () => {
  let auth: TestAuth
  beforeAll(async () => {
    auth = await startAuth()
  })
  afterAll(() => auth.stop())

  async function createCaller() {
    const { user, password } = await createUser(auth.store)
    const { authorization } = await signIn(auth.url, { email: user.email, password })
    const ask = async (token = authorization) =>
      (await request(auth.url).get('/api/v1/profile').set('authorization', token)).status
    expect([await ask(), await ask()]).toEqual([200, 200])
    return { user, authorization, ask }
  }

  it.each([
    ['its session ended', (id: number) => auth.store.sessions.endAllOf(id, auth.clock.now())],
    ['its user was deleted', (id: number) => auth.store.users.removeIf({ id })],
  ])('counts no more at once when %s, however it is written', async (_name, happen) => {
    const { user, authorization, ask } = await createCaller()
    const twin = twinOf(authorization)
    expect(await ask(twin)).toBe(200)
    await happen(user.id)
    expect(await ask()).toBe(401)
    expect(await ask(twin)).toBe(401)
  })

  it('counts no more at once when its user is inactive', async () => {
    const { user, ask } = await createCaller()
    await auth.store.users.update(user.id, { status: 'inactive' })
    expect(await ask()).toBe(403)
  })

  it('shows what changed in the account', async () => {
    const { user, authorization } = await createCaller()
    const username = `m-${randomUUID().slice(0, 8)}`
    await auth.store.users.update(user.id, { username, role: 'admin' })
    const answer = await request(auth.url).get('/api/v1/profile').set({ authorization })
    expect(answer.body.data).toMatchObject({ username, role: 'admin' })
  })

  it('expires all the same', async () => {
    const { ask } = await createCaller()
    auth.clock.advance(15 * 60_000 + 29_000)
    expect(await ask()).toBe(200)
    auth.clock.advance(2_000)
    expect(await ask()).toBe(401)
  })
})

/** A second signature that is as good: (r, n - s) beside (r, s), which ECDSA cannot tell apart. */
function twinOf(token: string): string {
  const [head, payload, signature = ''] = token.split('.')
  const [r, s] = [Buffer.from(signature, 'base64url').subarray(0, 32), sOf(signature)]
  const other = (order - s).toString(16).padStart(64, '0')
  return `${head}.${payload}.${Buffer.concat([r, Buffer.from(other, 'hex')]).toString('base64url')}`
}

const sOf = (signature: string): bigint =>
  BigInt(`0x${Buffer.from(signature, 'base64url').subarray(32).toString('hex')}`)

/** The order of the group of P-256 (FIPS 186-4, D.1.2.3). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
