import { randomBytes } from 'node:crypto'
import request from 'supertest'
import { buildRegistration, protectAccount, startAuth } from '../testing/index.ts'
import type { TestAuth } from '../testing/index.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth({
    AUTH_TOTP_KEY: randomBytes(32).toString('base64'),
    AUTH_API_KEYS_ENABLED: 'true',
  })
})
afterAll(() => auth.stop())

const ask = (
  method: 'get' | 'post' | 'patch',
  path: string,
  headers: Record<string, string> = {},
) => request(auth.url)[method](`/api/v1${path}`).set(headers)

/** An account that a stranger registered with somebody else's address. */
async function squat() {
  const { username, email, password } = buildRegistration()
  const body = { username, email, password }
  const { id } = (await ask('post', '/auth/register').send(body).expect(201)).body.data as {
    id: number
  }
  const tokens = (await ask('post', '/auth/login').send({ email, password }).expect(200)).body as {
    access_token: string
    refresh_token: string
  }
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  return { id, email, password, headers, refreshToken: tokens.refresh_token }
}

async function chooseNewPassword({ id, email }: { id: number; email: string }) {
  const token = await auth.issue('reset_password', { userId: id, email, ttlMs: 60_000 })
  const password = randomBytes(12).toString('base64url')
  await ask('post', '/auth/reset-password').send({ token, password }).expect(204)
  return { email, password }
}

const verify = (id: number, emailVerifiedAt: Date | null) =>
  auth.store.users.update(id, { emailVerifiedAt })

const actionsOf = async (userId: number) =>
  (await auth.core.database.client.auditEntry.findMany({ where: { userId } })).map(
    ({ action }) => action,
  )

describe('an account whose address nobody verified', () => {
  it('gets no second factor', async () => {
    const { id, password, headers } = await squat()
    const begin = () =>
      ask('post', '/auth/second-factor', headers).send({ currentPassword: password })
    const refused = await begin().expect(403)
    expect(refused.body.code).toBe('auth.email_unverified')
    expect(await auth.store.secondFactors.find(id)).toBeNull()
    await verify(id, new Date())
    await begin().expect(200)
  })

  it('confirms none that was begun before this was asked for', async () => {
    const { id, password, headers } = await squat()
    await verify(id, new Date())
    await ask('post', '/auth/second-factor', headers)
      .send({ currentPassword: password })
      .expect(200)
    await verify(id, null)
    const refused = await ask('post', '/auth/second-factor/confirm', headers)
      .send({ code: '000000' })
      .expect(403)
    expect(refused.body.code).toBe('auth.email_unverified')
  })

  it('belongs to whoever resets its password by mail, and nothing of before opens or locks it', async () => {
    const squatter = await squat()
    const { id, email, password, headers } = squatter
    const user = (await auth.store.users.findById(id))!
    await protectAccount(auth, { user, password })
    await verify(id, null)
    const { client } = auth.core.database
    await client.externalIdentity.create({
      data: { userId: id, provider: 'github', subject: `squatter-${id}`, email },
    })
    const change = { email: `squatter-${id}@example.com`, currentPassword: password }
    await ask('patch', '/profile', headers).send(change)
    const mailed = await auth.issue('verify_email', {
      userId: id,
      email: change.email,
      ttlMs: 60_000,
    })

    const owner = await chooseNewPassword(squatter)

    const answer = await ask('post', '/auth/login').send(owner).expect(200)
    expect(answer.body).toHaveProperty('access_token')
    await ask('get', '/profile', headers).expect(401)
    const { refreshToken } = squatter
    await ask('post', '/auth/refresh-token').send({ refresh_token: refreshToken }).expect(401)
    await ask('post', '/auth/login').send({ email, password }).expect(401)
    await ask('post', '/auth/verify-email').send({ token: mailed }).expect(400)
    const where = { userId: id }
    expect(await client.secondFactor.count({ where })).toBe(0)
    expect(await client.recoveryCode.count({ where })).toBe(0)
    expect(await client.externalIdentity.count({ where })).toBe(0)
    expect(await client.apiKey.count({ where })).toBe(0)
    expect(await client.oneTimeToken.count({ where })).toBe(0)
    expect(await auth.store.users.findById(id)).toMatchObject({ email, pendingEmail: null })
    expect(await actionsOf(id)).toEqual(
      expect.arrayContaining(['second_factor_reset', 'identity_unlinked', 'password_reset']),
    )
  })

  it('loses the API keys of before with a password that is reset by mail', async () => {
    const squatter = await squat()
    const body = { name: 'n', scopes: ['users:read'], currentPassword: squatter.password }
    const made = await ask('post', '/auth/api-keys', squatter.headers).send(body).expect(201)
    const key = { authorization: `Bearer ${made.body.data.key as string}` }
    await ask('get', '/users', key).expect(200)
    await chooseNewPassword(squatter)
    await ask('get', '/users', key).expect(401)
  })
})

it('an account whose address is verified keeps its second factor and identities with a password that is reset by mail', async () => {
  const { id, email, password } = await squat()
  const user = (await auth.store.users.findById(id))!
  await protectAccount(auth, { user, password })
  const { client } = auth.core.database
  await client.externalIdentity.create({
    data: { userId: id, provider: 'github', subject: `owner-${id}`, email },
  })
  const owner = await chooseNewPassword({ id, email })
  const answer = await ask('post', '/auth/login').send(owner).expect(401)
  expect(answer.body.code).toBe('auth.second_factor_needed')
  expect(await client.externalIdentity.count({ where: { userId: id } })).toBe(1)
  expect(await actionsOf(id)).not.toContain('second_factor_reset')
})
