import { randomBytes } from 'node:crypto'
import request from 'supertest'
import { eventually, holdTransaction, type HeldTransaction } from '@ashlar/core/testing'
import {
  createAuthenticator,
  createUser,
  signIn,
  startAuth,
  type TestAuth,
} from '../testing/index.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth({ AUTH_TOTP_KEY: randomBytes(32).toString('base64') })
})
afterAll(() => auth.stop())

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  request(auth.url).post(`/api/v1/auth${path}`).set(headers).send(body)

/** Somebody who has begun a second factor, and may confirm it. */
async function aboutToConfirm() {
  const { user, password } = await createUser(auth.store, { emailVerifiedAt: new Date() })
  const credentials = { email: user.email, password }
  const headers = await signIn(auth.url, credentials)
  const begun = await post('/second-factor', { currentPassword: password }, headers).expect(200)
  const app = createAuthenticator(begun.body.data.secret as string, auth.clock)
  const confirm = () => post('/second-factor/confirm', { code: app.code() }, headers).then()
  return { user, password, credentials, headers, confirm }
}

const hold = (id: number): Promise<HeldTransaction> =>
  holdTransaction(auth.core.database.pool, `SELECT FROM "user" WHERE id = ${id} FOR UPDATE`)

const liveSessionsOf = (userId: number) =>
  auth.core.database.client.session.count({ where: { userId, endedAt: null } })

const actionsOf = async (userId: number) =>
  (await auth.core.database.client.auditEntry.findMany({ where: { userId } })).map(
    ({ action }) => action,
  )

describe('a log-in that races the confirmation of a second factor', () => {
  it('is refused and keeps no session, if it comes second', async () => {
    const { user, credentials, confirm } = await aboutToConfirm()
    const held = await hold(user.id)
    const confirmed = confirm()
    await eventually(held.isAwaited)
    const late = post('/login', credentials).then()
    await eventually(async () => (await held.countWaiting()) === 2)
    await held.commit()
    expect((await confirmed).status).toBe(200)
    expect(await late).toMatchObject({ status: 401, body: { code: 'auth.invalid_credentials' } })
    expect(await liveSessionsOf(user.id)).toBe(1)
    expect(await actionsOf(user.id)).toContain('login_failed')
    const again = await post('/login', credentials).expect(401)
    expect(again.body.code).toBe('auth.second_factor_needed')
  })

  it('loses its session at once, if it comes first', async () => {
    const { user, credentials, confirm } = await aboutToConfirm()
    const held = await hold(user.id)
    const early = post('/login', credentials).then()
    await eventually(held.isAwaited)
    const confirmed = confirm()
    await eventually(async () => (await held.countWaiting()) === 2)
    await held.commit()
    expect((await confirmed).status).toBe(200)
    const { body } = await early
    expect(await liveSessionsOf(user.id)).toBe(1)
    await post('/refresh-token', { refresh_token: body.refresh_token as string }).expect(401)
    await request(auth.url)
      .get('/api/v1/profile')
      .set('authorization', `Bearer ${body.access_token as string}`)
      .expect(401)
  })

  it('is refused for a page too', async () => {
    const { user, credentials, confirm } = await aboutToConfirm()
    const { gateway } = auth.module
    const client = { device: undefined, address: '192.0.2.7' }
    const verified = await gateway.verifyCredentials(credentials, client)
    expect((await confirm()).status).toBe(200)
    await expect(gateway.startSession(verified, { ttlMs: 60_000, client })).rejects.toMatchObject({
      code: 'auth.invalid_credentials',
    })
    expect(await liveSessionsOf(user.id)).toBe(1)
  })
})

describe('a new password that races a second factor', () => {
  it('takes back one that was begun with the old password, and its confirmation is refused', async () => {
    const { user, confirm } = await aboutToConfirm()
    const token = await auth.issue('reset_password', {
      userId: user.id,
      email: user.email,
      ttlMs: 60_000,
    })
    const held = await hold(user.id)
    const reset = post('/reset-password', { token, password: 'cut by hand again' }).then()
    await eventually(held.isAwaited)
    const confirmed = confirm()
    await eventually(async () => (await held.countWaiting()) === 2)
    await held.commit()
    expect((await reset).status).toBe(204)
    expect(await confirmed).toMatchObject({
      status: 409,
      body: { code: 'auth.second_factor_disabled' },
    })
    expect(await auth.store.secondFactors.find(user.id)).toBeNull()
  })

  it('leaves none that is begun with the old password meanwhile', async () => {
    const { user, password } = await createUser(auth.store, { emailVerifiedAt: new Date() })
    const headers = await signIn(auth.url, { email: user.email, password })
    const held = await holdTransaction(
      auth.core.database.pool,
      `UPDATE "user" SET password_version = password_version + 1 WHERE id = ${user.id}`,
    )
    const begun = post('/second-factor', { currentPassword: password }, headers).then()
    await eventually(held.isAwaited)
    await held.commit()
    expect(await begun).toMatchObject({ status: 403, body: { code: 'auth.wrong_password' } })
    expect(await auth.store.secondFactors.find(user.id)).toBeNull()
  })

  it('in the profile takes it back as well', async () => {
    const { user, password, headers, confirm } = await aboutToConfirm()
    await request(auth.url)
      .patch('/api/v1/profile')
      .set(headers)
      .send({ currentPassword: password, password: 'cut by hand again' })
      .expect(200)
    expect((await confirm()).status).toBe(409)
    expect(await auth.store.secondFactors.find(user.id)).toBeNull()
  })
})
