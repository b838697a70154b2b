import { generateKeyPairSync } from 'node:crypto'
import { sign } from 'jsonwebtoken'
import request from 'supertest'
import { eventually, holdTransaction } from '@ashlar/core/testing'
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
    expect(answer.body).toEqual({
      data: {
        id: user.id,
        username: user.username,
        email: user.email,
        emailVerified: false,
        status: 'active',
        role: 'user',
        createdAt: user.createdAt.toISOString(),
        updatedAt: user.updatedAt.toISOString(),
      },
    })
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

describe('PATCH /profile', () => {
  const patch = (headers: Record<string, string>, body: object) =>
    request(auth.url).patch('/api/v1/profile').set(headers).send(body)

  it('changes the username without a password, and nothing for an empty body', async () => {
    const { user, headers } = await signedIn()
    const username = `${user.username}-2`
    const answer = await patch(headers, { username }).expect(200)
    expect(answer.body.data).toMatchObject({ id: user.id, username, email: user.email })
    expect((await patch(headers, {}).expect(200)).body.data.username).toBe(username)
  })

  it('sets a password, which ends the other sessions and tells so', async () => {
    const { user, password } = await createUser(auth.store)
    const account = { email: user.email, password }
    const [here, there] = [await signIn(auth.url, account), await signIn(auth.url, account)]
    await patch(here, { password: 'another wall', currentPassword: password }).expect(200)
    await readProfile(here).expect(200)
    await readProfile(there).expect(401)
    await signIn(auth.url, { ...account, password: 'another wall' })
    const events = await auth.core.database.client.outboxEvent.count({
      where: { name: 'auth.password-changed', payload: { equals: { userId: user.id } } },
    })
    expect(events).toBe(1)
  })

  it('takes back an address that waits and a link that is on its way, with a new password', async () => {
    const { user, password } = await createUser(auth.store)
    const headers = await signIn(auth.url, { email: user.email, password })
    const email = `thief-${user.email}`
    await patch(headers, { email, currentPassword: password }).expect(200)
    const values = { userId: user.id, email: user.email, ttlMs: 60_000 }
    const token = await auth.issue('reset_password', values)
    await patch(headers, { password: 'another wall', currentPassword: password }).expect(200)
    expect(await auth.store.users.findById(user.id)).toMatchObject({ pendingEmail: null })
    await request(auth.url)
      .post('/api/v1/auth/reset-password')
      .send({ token, password: 'a thief was here' })
      .expect(400)
  })

  it('answers the old e-mail until the new one is verified', async () => {
    const { user, password } = await createUser(auth.store)
    const headers = await signIn(auth.url, { email: user.email, password })
    const email = `new-${user.email}`
    const answer = await patch(headers, {
      email: email.toUpperCase(),
      currentPassword: password,
    }).expect(200)
    expect(answer.body.data.email).toBe(user.email)
    expect(await auth.store.users.findById(user.id)).toMatchObject({ pendingEmail: email })
  })

  it('needs the current password for e-mail and password', async () => {
    const { headers } = await signedIn()
    for (const body of [{ email: 'x@example.com' }, { password: 'another wall' }]) {
      const missing = await patch(headers, body).expect(422)
      expect(missing.body.errors).toMatchObject([{ pointer: '/body/currentPassword' }])
      const wrong = await patch(headers, { ...body, currentPassword: 'wrong' }).expect(403)
      expect(wrong.body.code).toBe('auth.wrong_password')
    }
  })

  it('is 404 for who was deleted meanwhile, and 403 where the password was changed meanwhile', async () => {
    const { user, password } = await createUser(auth.store)
    const headers = await signIn(auth.url, { email: user.email, password })
    const change = async (set: string, body: object): Promise<unknown[]> => {
      const held = await holdTransaction(
        auth.core.database.pool,
        `UPDATE "user" SET ${set} WHERE id = ${user.id}`,
      )
      const late = patch(headers, body).then()
      await eventually(held.isAwaited)
      await held.commit()
      const { status, body: problem } = await late
      return [status, (problem as { code?: string }).code]
    }
    const username = `${user.username}-2`
    const anew = 'password_version = password_version + 1'
    expect(await change(anew, { username, currentPassword: password })).toEqual([
      403,
      'auth.wrong_password',
    ])
    expect(await change(anew, { username })).toEqual([200, undefined])
    expect(await change('deleted_at = now()', { username })).toEqual([404, 'auth.user_not_found'])
  })

  it('answers 409 for what is taken', async () => {
    const { user, password } = await createUser(auth.store)
    const { user: other } = await createUser(auth.store)
    const headers = await signIn(auth.url, { email: user.email, password })
    const email = await patch(headers, { email: other.email, currentPassword: password })
    expect([email.status, email.body.code]).toEqual([409, 'auth.email_taken'])
    const username = await patch(headers, { username: other.username.toUpperCase() })
    expect([username.status, username.body.code]).toEqual([409, 'auth.username_taken'])
  })

  it.each([
    ['username', null],
    ['email', null],
    ['password', null],
    ['role', 'admin'],
    ['status', 'active'],
    ['id', 1],
  ])('refuses %s: %j', async (member, value) => {
    const { headers } = await signedIn()
    const answer = await patch(headers, { [member]: value, currentPassword: 'x' }).expect(422)
    expect(answer.body.errors).toMatchObject([{ pointer: `/body/${member}` }])
  })
})

describe('DELETE /profile', () => {
  it('is 404 for who was deleted a moment before, and tells it once', async () => {
    const { user, headers } = await signedIn()
    const held = await holdTransaction(
      auth.core.database.pool,
      `UPDATE "user" SET deleted_at = now() WHERE id = ${user.id}`,
    )
    const late = request(auth.url).delete('/api/v1/profile').set(headers).then()
    await eventually(held.isAwaited)
    await held.commit()
    const { status, body } = await late
    expect([status, body.code]).toEqual([404, 'auth.user_not_found'])
    const events = await auth.core.database.client.outboxEvent.count({
      where: { name: 'auth.user-deleted', payload: { equals: { userId: user.id } } },
    })
    expect(events).toBe(0)
  })

  it('closes the account, ends every session, publishes it, and frees its names', async () => {
    const { user, headers } = await signedIn()
    await request(auth.url).delete('/api/v1/profile').set(headers).expect(204)
    await readProfile(headers).expect(401)
    const events = await auth.core.database.client.outboxEvent.count({
      where: { name: 'auth.user-deleted', payload: { equals: { userId: user.id } } },
    })
    expect(events).toBe(1)
    await createUser(auth.store, { email: user.email, username: user.username })
  })
})
