import request from 'supertest'
import { z } from 'zod'
import { createRoutes } from '@ashlar/core/http'
import { eventually, holdTransaction } from '@ashlar/core/testing'
import type { AuthGuards } from '../guards/auth.guards.ts'
import { createUser, signIn, startAuth, startMailedAuth, type TestAuth } from '../testing/index.ts'

const day = 86_400_000

/** Routes of another module, which take keys. */
function stoneModule({ guards }: { guards: AuthGuards }) {
  const routes = createRoutes({ prefix: '/stones', tag: 'Stones' })
  const response = z.object({ username: z.string() })
  const tell = ({ user }: { user: { username: string } }) => ({ username: user.username })
  const [reader, writer] = ['stones:read', 'stones:write'].map(guards.activeUserOrKey)
  routes.get('/', { summary: 'Read', guard: reader!, response }, tell)
  routes.post('/', { summary: 'Write', guard: writer!, response }, tell)
  return { name: 'stones', routes: [routes], gateway: undefined }
}

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth({ AUTH_API_KEYS_ENABLED: 'true' }, (_core, module) => [
    stoneModule(module),
  ])
})
afterAll(() => auth.stop())

type Headers = Record<string, string>

const ask = (method: 'get' | 'post' | 'delete', path: string, headers: Headers = {}) =>
  request(auth.url)[method](`/api/v1${path}`).set(headers)

async function account() {
  const { user, password } = await createUser(auth.store)
  return { user, password, headers: await signIn(auth.url, { email: user.email, password }) }
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

async function accountWithKey(body: object = {}) {
  const owner = await account()
  const answer = await ask('post', '/auth/api-keys', owner.headers)
    .send({ name: 'import', scopes: ['stones:read'], currentPassword: owner.password, ...body })
    .expect(201)
  const { key, ...described } = answer.body.data as { key: string; id: string }
  return { ...owner, answer, key, machine: bearer(key), ...described }
}

describe('an API key', () => {
  it('is shown once, and described from then on', async () => {
    const { answer, key, id, headers } = await accountWithKey({
      scopes: ['stones:write', 'stones:read', 'stones:read'],
    })
    expect(answer.headers['location']).toBe(`/api/v1/auth/api-keys/${id}`)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(key).toMatch(/^ak_[\w-]{43}$/)
    const described = {
      id,
      name: 'import',
      hint: key.slice(-4),
      scopes: ['stones:read', 'stones:write'],
      createdAt: auth.clock.now().toISOString(),
      expiresAt: new Date(auth.clock.now().getTime() + 90 * day).toISOString(),
      lastUsedAt: null,
    }
    const one = await ask('get', `/auth/api-keys/${id}`, headers).expect(200)
    expect(one.body).toEqual({ data: described })
    const list = await ask('get', '/auth/api-keys', headers).expect(200)
    expect(list.body.data).toEqual([described])
  })

  it('opens the routes of its scopes for its user, and no others', async () => {
    const { user, machine } = await accountWithKey()
    const answer = await ask('get', '/stones', machine).expect(200)
    expect(answer.body).toEqual({ data: { username: user.username } })
    const refused = await ask('post', '/stones', machine).expect(403)
    expect(refused.body.code).toBe('auth.insufficient_scope')
    expect(refused.headers['www-authenticate']).toBe(
      'Bearer error="insufficient_scope", scope="stones:write"',
    )
    await ask('get', '/users', machine).expect(403)
  })

  it('opens no route that takes none: what a person does stays with people', async () => {
    const { machine, password } = await accountWithKey({
      scopes: ['profile:read', 'users:read', 'stones:read', 'stones:write'],
    })
    await ask('get', '/profile', machine).expect(200)
    await ask('get', '/users', machine).expect(200)
    for (const path of ['/auth/api-keys', '/auth/sessions'])
      expect((await ask('get', path, machine)).status).toBe(401)
    await ask('delete', '/profile', machine).expect(401)
    const body = { name: 'another', scopes: ['stones:read'], currentPassword: password }
    const answer = await ask('post', '/auth/api-keys', machine).send(body).expect(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
  })

  it('is nothing beside access tokens, which open what they opened', async () => {
    const { headers } = await account()
    await ask('get', '/stones', headers).expect(200)
    await ask('post', '/stones', headers).expect(200)
    await ask('get', '/stones').expect(401)
  })

  it('dies when it is deleted, expires, or its user is inactive, deleted, or chose a new password by mail', async () => {
    const deleted = await accountWithKey()
    await ask('delete', `/auth/api-keys/${deleted.id}`, deleted.headers).expect(204)
    await ask('get', '/stones', deleted.machine).expect(401)
    await ask('delete', `/auth/api-keys/${deleted.id}`, deleted.headers).expect(404)

    const short = await accountWithKey({ expiresInDays: 1 })
    auth.clock.advance(day - 1_000)
    await ask('get', '/stones', short.machine).expect(200)
    auth.clock.advance(1_000)
    await ask('get', '/stones', short.machine).expect(401)

    const inactive = await accountWithKey()
    await auth.store.users.update(inactive.user.id, { status: 'inactive' })
    await ask('get', '/stones', inactive.machine).expect(401)

    const gone = await accountWithKey()
    await ask('delete', '/profile', gone.headers).expect(204)
    await ask('get', '/stones', gone.machine).expect(401)

    const restored = await accountWithKey()
    const { id: userId, email } = restored.user
    const token = await auth.issue('reset_password', { userId, email, ttlMs: 60_000 })
    const body = { token, password: 'cut by hand again' }
    await ask('post', '/auth/reset-password').send(body).expect(204)
    await ask('get', '/stones', restored.machine).expect(401)
  })

  it('is refused in any other form or place', async () => {
    const { key } = await accountWithKey()
    for (const headers of [
      bearer(`${key}x`),
      bearer(key.slice(0, -1)),
      bearer(key.replace('ak_', 'AK_')),
      bearer(`ak_${'A'.repeat(43)}`),
      { authorization: key },
      { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` },
      { 'x-api-key': key },
    ] as Headers[])
      expect((await ask('get', '/stones', headers)).status).toBe(401)
    expect((await ask('get', `/stones?access_token=${key}`)).status).toBe(401)
    await ask('get', '/stones', { authorization: `bearer  ${key}` }).expect(200)
  })

  it('belongs to its user alone', async () => {
    const { id } = await accountWithKey()
    const { headers } = await account()
    await ask('get', `/auth/api-keys/${id}`, headers).expect(404)
    await ask('delete', `/auth/api-keys/${id}`, headers).expect(404)
  })

  it('tells when it was used last, to the minute', async () => {
    const { id, machine } = await accountWithKey()
    const lastUsed = async () =>
      (await auth.core.database.client.apiKey.findUnique({ where: { id } }))?.lastUsedAt
    const first = auth.clock.now()
    await Promise.all(Array.from({ length: 5 }, () => ask('get', '/stones', machine).expect(200)))
    await eventually(async () => (await lastUsed())?.getTime() === first.getTime())
    auth.clock.advance(59_000)
    await ask('get', '/stones', machine).expect(200)
    auth.clock.advance(1_000)
    await ask('get', '/stones', machine).expect(200)
    await eventually(async () => (await lastUsed())?.getTime() === first.getTime() + 60_000)
  })

  it('is stored as a digest, noted in the trail, and told to its owner by mail', async () => {
    const own = await startMailedAuth({ AUTH_API_KEYS_ENABLED: 'true' })
    const { user, password } = await createUser(own.store)
    const headers = await signIn(own.url, { email: user.email, password })
    const answer = await request(own.url)
      .post('/api/v1/auth/api-keys')
      .set(headers)
      .send({ name: 'import', scopes: ['users:read'], currentPassword: password })
      .expect(201)
    const { key, id } = answer.body.data as { key: string; id: string }
    const mail = await own.smtp.waitForMail(({ text }) => text.includes('A new API key'))
    expect(mail.raw).not.toContain(key)
    const { rows } = await own.core.database.pool.query<{ all: string }>(
      `SELECT concat((SELECT string_agg(k::text, ' ') FROM api_key k), (SELECT string_agg(e::text, ' ') FROM outbox_event e),
         (SELECT string_agg(a::text, ' ') FROM audit_entry a)) AS all`,
    )
    expect(rows[0]?.all).toContain(id)
    expect(rows[0]?.all).toContain('api_key_created')
    expect(rows[0]?.all).not.toContain(key)
    expect(JSON.stringify(own.lines)).not.toContain(key)
    await own.stop()
  })
})

describe('POST /auth/api-keys', () => {
  it.each([
    [{ name: '' }, '/body/name'],
    [{ name: ' ' }, '/body/name'],
    [{ name: 'x'.repeat(101) }, '/body/name'],
    [{ name: 'a\u0000b' }, '/body/name'],
    [{ scopes: [] }, '/body/scopes'],
    [{ scopes: ['stones:read', 'stones:cut'] }, '/body/scopes/1'],
    [{ scopes: 'stones:read' }, '/body/scopes'],
    [{ expiresInDays: 0 }, '/body/expiresInDays'],
    [{ expiresInDays: 3_651 }, '/body/expiresInDays'],
    [{ expiresInDays: 1.5 }, '/body/expiresInDays'],
    [{ currentPassword: undefined }, '/body/currentPassword'],
    [{ userId: 1 }, '/body/userId'],
  ])('refuses %j', async (body, pointer) => {
    const { headers, password } = await account()
    const whole = { name: 'import', scopes: ['stones:read'], currentPassword: password, ...body }
    const answer = await ask('post', '/auth/api-keys', headers).send(whole).expect(422)
    expect(answer.body.errors).toEqual([expect.objectContaining({ pointer })])
  })

  it('names the scopes that there are to whoever asks for another one', async () => {
    const { headers, password } = await account()
    const body = { name: 'import', scopes: ['x'], currentPassword: password }
    const answer = await ask('post', '/auth/api-keys', headers).send(body).expect(422)
    expect(answer.body.errors[0].detail).toBe(
      'Must be one of profile:read, stones:read, stones:write, users:read',
    )
    const document = await request(auth.url).get('/openapi.json').expect(200)
    expect(JSON.stringify(document.body.components.schemas.NewApiKeyBody)).toContain(
      '"stones:write"',
    )
  })

  it('asks for the password again', async () => {
    const { headers } = await account()
    const body = { name: 'import', scopes: ['stones:read'], currentPassword: 'another one' }
    const answer = await ask('post', '/auth/api-keys', headers).send(body).expect(403)
    expect(answer.body.code).toBe('auth.wrong_password')
  })

  it.each([
    ['is deleted', 'deleted_at = now()', 404, 'auth.user_not_found'],
    [
      'gets another password',
      'password_version = password_version + 1',
      403,
      'auth.wrong_password',
    ],
  ])('is not made while its user %s', async (_name, change, status, code) => {
    const { headers, password, user } = await account()
    const { client, pool } = auth.core.database
    const held = await holdTransaction(pool, `UPDATE "user" SET ${change} WHERE id = ${user.id}`)
    const body = { name: 'import', scopes: ['stones:read'], currentPassword: password }
    const asked = ask('post', '/auth/api-keys', headers)
      .send(body)
      .then((answer) => answer)
    await eventually(held.isAwaited)
    await held.commit()
    expect(await asked).toMatchObject({ status, body: { code } })
    expect(await client.apiKey.count({ where: { userId: user.id } })).toBe(0)
  })

  it('gives no user more than fifty', async () => {
    const { headers, password, user } = await account()
    const now = auth.clock.now()
    await auth.core.database.client.apiKey.createMany({
      data: Array.from({ length: 49 }, (_, index) => ({
        userId: user.id,
        name: 'n',
        hash: Uint8Array.from(Buffer.from(`${user.id}-${index}`)),
        hint: 'hint',
        scopes: [],
        expiresAt: now,
      })),
    })
    const body = { name: 'import', scopes: ['stones:read'], currentPassword: password }
    await ask('post', '/auth/api-keys', headers).send(body).expect(201)
    const answer = await ask('post', '/auth/api-keys', headers).send(body).expect(409)
    expect(answer.body.code).toBe('auth.too_many_api_keys')
  })
})

it('without AUTH_API_KEYS_ENABLED there are none, and a key opens nothing', async () => {
  const plain = await startAuth({}, (_core, module) => [stoneModule(module)])
  const { user, password } = await createUser(plain.store)
  const headers = await signIn(plain.url, { email: user.email, password })
  const get = (path: string, headers: Headers) =>
    request(plain.url).get(`/api/v1${path}`).set(headers)
  await get('/auth/api-keys', headers).expect(404)
  await get('/stones', headers).expect(200)
  await get('/stones', bearer(`ak_${'A'.repeat(43)}`)).expect(401)
  await plain.stop()
})
