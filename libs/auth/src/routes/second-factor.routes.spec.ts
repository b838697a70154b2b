import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { Secret } from 'otpauth'
import request from 'supertest'
import { parseConfig } from '@ashlar/core/config'
import {
  serveModules,
  startSmtpServer,
  startWorker,
  type TestSmtpServer,
} from '@ashlar/core/testing'
import { authConfig } from '../auth.config.ts'
import { createAuthModule } from '../auth.module.ts'
import {
  authEnvironment,
  createAuthenticator,
  createUser,
  protectAccount,
  signIn,
  startAuth,
  type TestAuth,
} from '../testing/index.ts'

const newKey = () => randomBytes(32).toString('base64')
const key = newKey()

let auth: TestAuth
let smtp: TestSmtpServer

beforeAll(async () => {
  smtp = await startSmtpServer()
  auth = await startAuth({ AUTH_TOTP_KEY: key, SMTP_URL: smtp.url })
})
afterAll(async () => {
  await auth.stop()
  await smtp.stop()
})

type Headers = Record<string, string>

const ask = (method: 'get' | 'post' | 'delete', path: string, headers: Headers = {}) =>
  request(auth.url)[method](`/api/v1${path}`).set(headers)

const logIn = (body: object) => ask('post', '/auth/login').send(body)

async function account({ role }: { role?: 'admin' } = {}) {
  const values = { emailVerifiedAt: new Date(), ...(role && { role }) }
  const { user, password } = await createUser(auth.store, values)
  const credentials = { email: user.email, password }
  return { user, ...credentials, credentials, headers: await signIn(auth.url, credentials) }
}

/** An account whose log-ins need a code, and what its owner has. */
async function protectedAccount({ role }: { role?: 'admin' } = {}) {
  const owner = await account(role ? { role } : {})
  return { ...owner, ...(await protectAccount(auth, owner)) }
}

describe('a second factor', () => {
  it('is off until a first code confirms it', async () => {
    const { credentials, headers, password, email } = await account()
    const state = await ask('get', '/auth/second-factor', headers).expect(200)
    expect(state.body.data).toEqual({ enabled: false, enabledAt: null, recoveryCodesLeft: 0 })
    const begun = await ask('post', '/auth/second-factor', headers)
      .send({ currentPassword: password })
      .expect(200)
    expect(begun.headers['cache-control']).toBe('no-store')
    const uri = new URL(begun.body.data.uri as string)
    expect(decodeURIComponent(uri.pathname)).toContain(email)
    expect(uri.searchParams.get('secret')).toBe(begun.body.data.secret)
    await logIn(credentials).expect(200)
    const wrong = await ask('post', '/auth/second-factor/confirm', headers)
      .send({ code: '000000' })
      .expect(403)
    expect(wrong.body.code).toBe('auth.wrong_code')
    await logIn(credentials).expect(200)
  })

  it('is asked for at each log-in from then on, after the password', async () => {
    const { credentials, app } = await protectedAccount()
    const missing = await logIn(credentials).expect(401)
    expect(missing.body.code).toBe('auth.second_factor_needed')
    const wrong = await logIn({ ...credentials, code: '000000' }).expect(401)
    expect(wrong.body.code).toBe('auth.invalid_second_factor')
    const guess = { ...credentials, password: 'another one', code: app.code() }
    expect((await logIn(guess).expect(401)).body.code).toBe('auth.invalid_credentials')
    const answer = await logIn({ ...credentials, code: app.code() }).expect(200)
    expect(answer.body).toHaveProperty('access_token')
  })

  it('is taken by the OAuth 2 form too', async () => {
    const { email, password, app } = await protectedAccount()
    const form = { username: email, password, grant_type: 'password' }
    await ask('post', '/auth/login').type('form').send(form).expect(401)
    await ask('post', '/auth/login')
      .type('form')
      .send({ ...form, code: app.code() })
      .expect(200)
  })

  it('takes a code once, of any number of log-ins at once', async () => {
    const { credentials, app } = await protectedAccount()
    const code = app.code()
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => logIn({ ...credentials, code })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401, 401])
  })

  it('takes the code before and the one after, and none further away or older than one that was used', async () => {
    const { credentials, app } = await protectedAccount()
    for (const [later, status] of [
      [-2, 401],
      [2, 401],
      [-1, 200],
      [1, 200],
      [0, 401],
    ] as const)
      await logIn({ ...credentials, code: app.code(later) }).expect(status)
  })

  it('ends the other sessions when it is enabled', async () => {
    const { credentials, headers, password } = await account()
    const other = await signIn(auth.url, credentials)
    const begun = await ask('post', '/auth/second-factor', headers).send({
      currentPassword: password,
    })
    const app = createAuthenticator(begun.body.data.secret as string, auth.clock)
    await ask('post', '/auth/second-factor/confirm', headers).send({ code: app.code() }).expect(200)
    await ask('get', '/profile', headers).expect(200)
    await ask('get', '/profile', other).expect(401)
  })

  it('is opened by each recovery code once, however it is typed', async () => {
    const { credentials, recoveryCodes, headers } = await protectedAccount()
    expect(recoveryCodes).toHaveLength(10)
    const [first = '', second = ''] = recoveryCodes
    await logIn({ ...credentials, code: ` ${first.toLowerCase().replaceAll('-', ' ')} ` }).expect(
      200,
    )
    await logIn({ ...credentials, code: first }).expect(401)
    await logIn({ ...credentials, code: second }).expect(200)
    const state = await ask('get', '/auth/second-factor', headers)
    expect(state.body.data).toMatchObject({ enabled: true, recoveryCodesLeft: 8 })
  })

  it('gets new recovery codes for password and code together, and the old ones are worth nothing', async () => {
    const { credentials, recoveryCodes, headers, password, app } = await protectedAccount()
    const renew = (body: object) =>
      ask('post', '/auth/second-factor/recovery-codes', headers).send(body)
    const missing = await renew({ currentPassword: password }).expect(422)
    expect(missing.body.errors).toMatchObject([{ pointer: '/body/code' }])
    const guess = await renew({ currentPassword: 'another one', code: app.code() }).expect(403)
    expect(guess.body.code).toBe('auth.wrong_password')
    const wrong = await renew({ currentPassword: password, code: '000000' }).expect(403)
    expect(wrong.body.code).toBe('auth.wrong_code')
    const proof = { currentPassword: password, code: app.code() }
    const answer = await renew(proof).expect(200)
    await renew(proof).expect(403)
    await logIn({ ...credentials, code: recoveryCodes[0] }).expect(401)
    const [first, second] = answer.body.data.recoveryCodes as string[]
    await logIn({ ...credentials, code: first }).expect(200)
    await renew({ currentPassword: password, code: second }).expect(200)
  })

  it('is disabled with password and code together', async () => {
    const { credentials, headers, password, app } = await protectedAccount()
    const disable = (body: object) => ask('post', '/auth/second-factor/disable', headers).send(body)
    expect((await disable({ currentPassword: password })).status).toBe(422)
    expect((await disable({ currentPassword: 'another', code: app.code() })).status).toBe(403)
    const wrong = await disable({ currentPassword: password, code: '000000' }).expect(403)
    expect(wrong.body.code).toBe('auth.wrong_code')
    await disable({ currentPassword: password, code: app.code() }).expect(204)
    await logIn(credentials).expect(200)
    const again = await disable({ currentPassword: password, code: app.code() }).expect(409)
    expect(again.body.code).toBe('auth.second_factor_disabled')
  })

  it('cannot be begun anew while it is on, nor without the password', async () => {
    const { headers, password, app } = await protectedAccount()
    const begin = (currentPassword: string) =>
      ask('post', '/auth/second-factor', headers).send({ currentPassword })
    expect((await begin('another one').expect(403)).body.code).toBe('auth.wrong_password')
    expect((await begin(password).expect(409)).body.code).toBe('auth.second_factor_enabled')
    const again = await ask('post', '/auth/second-factor/confirm', headers).send({
      code: app.code(),
    })
    expect(again.status).toBe(409)
  })

  it('that was not begun can be neither confirmed nor disabled, and has no recovery codes', async () => {
    const { headers, password: currentPassword } = await account()
    for (const [path, body] of [
      ['confirm', { code: '000000' }],
      ['disable', { currentPassword, code: '000000' }],
      ['recovery-codes', { currentPassword, code: '000000' }],
    ] as const) {
      const answer = await ask('post', `/auth/second-factor/${path}`, headers).send(body)
      expect([answer.status, answer.body.code]).toEqual([409, 'auth.second_factor_disabled'])
    }
  })

  it('stays on when a new password is chosen by mail', async () => {
    const { user, credentials, app } = await protectedAccount()
    const token = await auth.issue('reset_password', {
      userId: user.id,
      email: user.email,
      ttlMs: 60_000,
    })
    const password = 'cut by hand again'
    await ask('post', '/auth/reset-password').send({ token, password }).expect(204)
    await logIn({ ...credentials, password }).expect(401)
    await logIn({ ...credentials, password, code: app.code() }).expect(200)
  })

  it('is taken off by administrators alone, for whoever lost it', async () => {
    const { user, credentials, headers } = await protectedAccount()
    const admin = await account({ role: 'admin' })
    const path = `/users/${user.id}/second-factor`
    await ask('delete', path, headers).expect(403)
    await ask('delete', path, admin.headers).expect(204)
    await ask('delete', path, admin.headers).expect(409)
    await ask('delete', '/users/999999/second-factor', admin.headers).expect(404)
    await logIn(credentials).expect(200)
  })

  it('of an administrator is not taken off by the session of that administrator alone', async () => {
    const { user, headers, password, app } = await protectedAccount({ role: 'admin' })
    const answer = await ask('delete', `/users/${user.id}/second-factor`, headers).expect(403)
    expect(answer.body.code).toBe('auth.own_second_factor')
    const state = await ask('get', '/auth/second-factor', headers)
    expect(state.body.data).toMatchObject({ enabled: true })
    const refused = { userId: user.id, actorId: user.id, action: 'second_factor_refused' }
    expect(await auth.core.database.client.auditEntry.count({ where: refused })).toBe(1)
    await ask('post', '/auth/second-factor/disable', headers)
      .send({ currentPassword: password, code: app.code() })
      .expect(204)
  })

  it('leaves a trail, and its owner is mailed', async () => {
    const worker = await startWorker(auth.core, [auth.module])
    const { user, credentials, recoveryCodes, email } = await protectedAccount()
    await logIn({ ...credentials, code: '000000' })
    await logIn({ ...credentials, code: recoveryCodes[0] }).expect(200)
    const entries = await auth.core.database.client.auditEntry.findMany({
      where: { userId: user.id, action: { not: 'logged_in' } },
      orderBy: { id: 'asc' },
    })
    expect(entries.map(({ action }) => action)).toEqual([
      'second_factor_begun',
      'second_factor_enabled',
      'second_factor_refused',
      'recovery_code_used',
    ])
    const mailOf = (text: string) =>
      smtp.waitForMail((mail) => mail.recipients.includes(email) && mail.text.includes(text))
    await mailOf('each log-in asks for a code now')
    const mail = await mailOf('A recovery code was used')
    for (const code of recoveryCodes) expect(mail.raw).not.toContain(code)
    await worker.stop()
  })

  it('keeps nothing by which who reads the database alone could log in', async () => {
    const { user, secret, recoveryCodes } = await protectedAccount()
    const { rows } = await auth.core.database.pool.query<object>(
      `SELECT f.*, array(SELECT encode(hash, 'hex') FROM recovery_code WHERE user_id = $1) AS codes
       FROM second_factor f WHERE user_id = $1`,
      [user.id],
    )
    const stored = inspect(rows, { depth: 5, maxArrayLength: null, maxStringLength: null })
    expect(stored).toContain(`user_id: ${user.id}`)
    const bytes = Buffer.from(Secret.fromBase32(secret).bytes)
    expect((await auth.store.secondFactors.find(user.id))?.secret).not.toEqual(bytes)
    for (const hidden of [secret, bytes.toString('hex'), ...recoveryCodes])
      expect(stored).not.toContain(hidden)
  })
})

describe('codes that are guessed', () => {
  it('are held after ten, also the right one, and other accounts are not', async () => {
    const limited = await startAuth({
      AUTH_TOTP_KEY: key,
      RATE_LIMIT_ENABLED: 'true',
      TRUST_PROXY: '1',
    })
    const failures = limited.core.rateLimits.limiter({
      name: 'second-factor-failures',
      max: 10,
      windowMs: 15 * 60_000,
    })
    const { user, password } = await createUser(limited.store)
    const { headers, app } = await protectAccount(limited, { user, password })
    const credentials = { email: user.email, password }
    const post = (path: string, body: object) =>
      request(limited.url).post(`/api/v1${path}`).set(headers).send(body)
    for (let count = 0; count < 9; count += 1) await failures.fail(String(user.id))
    await post('/auth/login', { ...credentials, code: '000000' }).expect(401)
    const held = await post('/auth/login', { ...credentials, code: app.code() }).expect(429)
    expect(held.headers['ratelimit-policy']).toContain('"second-factor-failures"; q=10; w=900')
    await limited.stop()
  })
})

describe('the key that encrypts the secrets', () => {
  it('may be replaced: what the old one encrypted is read and encrypted anew', async () => {
    const { user, credentials, app } = await protectedAccount()
    const secretNow = async () =>
      (await auth.store.secondFactors.find(user.id))?.secret as Uint8Array
    const before = await secretNow()
    const environment = { AUTH_TOTP_KEY: newKey(), AUTH_TOTP_SECOND_KEY: key }
    const { auth: config } = parseConfig(
      { auth: authConfig },
      { ...authEnvironment(), ...environment },
    )
    const rotated = await serveModules(auth.core, [createAuthModule({ core: auth.core, config })])
    const logInThere = (code: string) =>
      request(rotated.url)
        .post('/api/v1/auth/login')
        .send({ ...credentials, code })
    await logInThere(app.code()).expect(200)
    expect(await secretNow()).not.toEqual(before)
    auth.clock.advance(60_000)
    await logInThere(app.code()).expect(200)
    await rotated.stop()
  })

  it('may be lost: codes of the app are refused, and a recovery code still opens the account', async () => {
    const { user, credentials, app, recoveryCodes } = await protectedAccount()
    const { auth: config } = parseConfig(
      { auth: authConfig },
      { ...authEnvironment(), AUTH_TOTP_KEY: newKey() },
    )
    const other = await serveModules(auth.core, [createAuthModule({ core: auth.core, config })])
    const logInThere = (code: string | undefined) =>
      request(other.url)
        .post('/api/v1/auth/login')
        .send({ ...credentials, code })
    const refused = await logInThere(app.code()).expect(403)
    expect(refused.body.code).toBe('auth.second_factor_unavailable')
    expect(auth.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        msg: 'AUTH_TOTP_KEY does not open a second factor',
        err: expect.objectContaining({ message: expect.stringContaining(`user ${user.id}`) }),
      }),
    )
    await logInThere(recoveryCodes[0]).expect(200)
    await other.stop()
  })
})

describe('without a key', () => {
  it('there are no routes of a second factor, and a code in a log-in is an unknown member', async () => {
    const plain = await startAuth()
    const { user, password } = await createUser(plain.store)
    const credentials = { email: user.email, password }
    const headers = await signIn(plain.url, credentials)
    await request(plain.url).get('/api/v1/auth/second-factor').set(headers).expect(404)
    await request(plain.url)
      .post('/api/v1/auth/login')
      .send({ ...credentials, code: '000000' })
      .expect(422)
    await plain.stop()
  })
})
