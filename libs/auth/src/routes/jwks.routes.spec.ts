import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { verify } from 'jsonwebtoken'
import request from 'supertest'
import { parseConfig, type Environment } from '@ashlar/core/config'
import { serveModules } from '@ashlar/core/testing'
import { authConfig } from '../auth.config.ts'
import { createAuthModule } from '../auth.module.ts'
import { authEnvironment, createUser, signIn, startAuth, type TestAuth } from '../testing/index.ts'

const first = authEnvironment()['AUTH_JWT_PRIVATE_KEY']
const next = authEnvironment()['AUTH_JWT_PRIVATE_KEY']

/** The steps of docs/guides/operate.md. */
const before = { AUTH_JWT_PRIVATE_KEY: first, AUTH_JWT_SECOND_PRIVATE_KEY: next }
const swap = { AUTH_JWT_PRIVATE_KEY: next, AUTH_JWT_SECOND_PRIVATE_KEY: first }
const end = { AUTH_JWT_PRIVATE_KEY: next }

const readKeys = async (url: string) => {
  const answer = await request(url).get('/.well-known/jwks.json').expect(200)
  return { answer, keys: (answer.body as { keys: (JsonWebKey & { kid: string })[] }).keys }
}

describe('GET /.well-known/jwks.json', () => {
  it('answers public keys only, that caches may keep, and that verify our tokens', async () => {
    const auth = await startAuth(end)
    const { answer, keys } = await readKeys(auth.url)
    expect(answer.headers['cache-control']).toBe('public, max-age=300')
    expect(keys).toHaveLength(1)
    const [key] = keys
    expect(Object.keys(key ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    const etag = answer.headers['etag'] ?? ''
    await request(auth.url).get('/.well-known/jwks.json').set('if-none-match', etag).expect(304)

    const { user, password } = await createUser(auth.store)
    const { authorization } = await signIn(auth.url, { email: user.email, password })
    const publicKey = createPublicKey({ key: key ?? {}, format: 'jwk' })
    const { header } = verify(authorization.slice(7), publicKey, { complete: true })
    expect(header.kid).toBe(key?.kid)
    await auth.stop()
  })

  it('has both keys during a rotation, the one that signs first, and one if both are the same', async () => {
    const auth = await startAuth(swap)
    const { keys } = await readKeys(auth.url)
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(2)
    await auth.stop()
    const same = { AUTH_JWT_PRIVATE_KEY: first, AUTH_JWT_SECOND_PRIVATE_KEY: first }
    const other = await startAuth(same)
    expect((await readKeys(other.url)).keys).toHaveLength(1)
    await other.stop()
  })
})

/** Another replica, with other keys. */
async function addReplica({ core }: TestAuth, keys: Environment) {
  const { auth: config } = parseConfig({ auth: authConfig }, keys)
  return serveModules(core, [createAuthModule({ core, config })])
}

describe('a rotation of the signing key', () => {
  it('leaves everybody signed in on every replica, until the old key is taken away', async () => {
    const auth = await startAuth(before)
    const [swapped, ended] = await Promise.all([addReplica(auth, swap), addReplica(auth, end)])
    const { user, password } = await createUser(auth.store)
    const credentials = { email: user.email, password }
    const ask = async (url: string, headers: { authorization: string }) =>
      (await request(url).get('/api/v1/profile').set(headers)).status
    const old = await signIn(auth.url, credentials)
    const fresh = await signIn(swapped.url, credentials)
    expect(await ask(swapped.url, old)).toBe(200)
    expect(await ask(auth.url, fresh)).toBe(200)
    expect(await ask(ended.url, fresh)).toBe(200)
    expect(await ask(ended.url, old)).toBe(401)
    await Promise.all([swapped.stop(), ended.stop()])
    await auth.stop()
  })

  it('gives a refresh token its one successor on every replica', async () => {
    const auth = await startAuth(before)
    const swapped = await addReplica(auth, swap)
    const { user, password } = await createUser(auth.store)
    const login = await request(auth.url)
      .post('/api/v1/auth/login')
      .send({ email: user.email, password })
    const { refresh_token } = login.body as { refresh_token: string }
    const refresh = async (url: string) =>
      (await request(url).post('/api/v1/auth/refresh-token').send({ refresh_token })).body as {
        refresh_token: string
      }
    const successor = await refresh(auth.url)
    expect(successor.refresh_token).toEqual(expect.any(String))
    expect((await refresh(swapped.url)).refresh_token).toBe(successor.refresh_token)
    await swapped.stop()
    await auth.stop()
  })
})
