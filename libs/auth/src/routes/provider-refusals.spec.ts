import { randomBytes } from 'node:crypto'
import request from 'supertest'
import type { Environment } from '@ashlar/core/config'
import { eventually, holdTransaction } from '@ashlar/core/testing'
import { createAuthenticator, createUser, protectAccount, signIn } from '../testing/index.ts'
import { createPkce } from '../testing/providers/browser.ts'
import {
  githubAccount,
  googleAccount,
  problemOf,
  startProviderBed,
  type ProviderBed,
} from '../testing/providers/provider-bed.ts'

let bed: ProviderBed

beforeAll(async () => {
  bed = await startProviderBed({ AUTH_TOTP_KEY: randomBytes(32).toString('base64') })
})
afterAll(() => bed.stop())

const started: ProviderBed[] = []
async function startOther(environment: Environment): Promise<ProviderBed> {
  const other = await startProviderBed(environment)
  started.push(other)
  return other
}
afterEach(async () => {
  for (const other of started.splice(0)) await other.stop()
})

/** Somebody whose e-mail is verified here, and who is known to GitHub by it. */
async function knownToGithub() {
  const { user, password } = await createUser(bed.auth.store)
  await bed.auth.store.users.update(user.id, { emailVerifiedAt: new Date() })
  const { email } = user
  const person = githubAccount({ emails: [{ email, verified: true, primary: true }] })
  bed.github.be(person)
  return { user, email, password, person }
}

describe('a sign-in with a provider', () => {
  it('asks for the second factor, and leaves its code good until one comes that is right', async () => {
    const { app } = await protectAccount(bed.auth, await knownToGithub())
    const { code, verifier } = await bed.arrive('github')
    const missing = await bed.exchange(code, verifier).expect(401)
    expect(missing.body).toMatchObject({ code: 'auth.second_factor_needed' })
    expect(missing.headers['www-authenticate']).toBe('Bearer')
    const wrong = await bed.exchange(code, verifier, '000000').expect(401)
    expect(wrong.body).toMatchObject({ code: 'auth.invalid_second_factor' })
    await bed.exchange(code, verifier, app.code()).expect(200)
    await bed.exchange(code, verifier, app.code(1)).expect(400)
  })

  it('is refused to who was made inactive, and to whose address was never verified, by each provider', async () => {
    const { user } = await knownToGithub()
    await bed.signInWith('github')
    await bed.auth.store.users.update(user.id, { status: 'inactive' })
    expect(await problemOf((await bed.arrive('github')).answer)).toEqual([
      403,
      'auth.inactive_user',
    ])
    const squatted = await knownToGithub()
    await bed.auth.store.users.update(squatted.user.id, { emailVerifiedAt: null })
    expect(await problemOf((await bed.arrive('github')).answer)).toEqual([
      409,
      'auth.account_email_unverified',
    ])
  })

  it('is 401, and keeps no session, when a second factor is confirmed while it is under way', async () => {
    const { user, password } = await knownToGithub()
    const headers = await signIn(bed.auth.url, { email: user.email, password })
    const post = (path: string, body: object) =>
      request(bed.auth.url).post(`/api/v1/auth/second-factor${path}`).set(headers).send(body)
    const begun = await post('', { currentPassword: password }).expect(200)
    const { secret } = (begun.body as { data: { secret: string } }).data
    const { code, verifier } = await bed.arrive('github')
    const { pool, client } = bed.auth.core.database
    const held = await holdTransaction(pool, `SELECT FROM "user" WHERE id = ${user.id} FOR UPDATE`)
    const confirmed = post('/confirm', {
      code: createAuthenticator(secret, bed.auth.clock).code(),
    }).then()
    await eventually(held.isAwaited)
    const late = bed.exchange(code, verifier).then()
    await eventually(async () => (await held.countWaiting()) === 2)
    await held.commit()
    expect((await confirmed).status).toBe(200)
    expect((await late).status).toBe(401)
    expect(await client.session.count({ where: { userId: user.id, endedAt: null } })).toBe(1)
  })

  it('is 401 when the password was changed while it was under way', async () => {
    const { user } = await knownToGithub()
    const { code, verifier } = await bed.arrive('github')
    const held = await holdTransaction(
      bed.auth.core.database.pool,
      `UPDATE "user" SET password_version = password_version + 1 WHERE id = ${user.id}`,
    )
    const late = bed.exchange(code, verifier).then()
    await eventually(held.isAwaited)
    await held.commit()
    const { status, body } = await late
    expect([status, body]).toEqual([
      401,
      expect.objectContaining({ code: 'auth.invalid_credentials' }),
    ])
  })
})

it('without AUTH_TOTP_KEY, a sign-in to an account with a second factor is refused', async () => {
  const plain = await startOther({})
  const { user } = await createUser(plain.auth.store)
  const { id, email } = user
  await plain.auth.store.users.update(id, { emailVerifiedAt: new Date() })
  await plain.auth.core.database.client.secondFactor.create({
    data: { userId: id, secret: randomBytes(48), confirmedAt: new Date() },
  })
  plain.github.be(githubAccount({ emails: [{ email, verified: true, primary: true }] }))
  const { code, verifier } = await plain.arrive('github')
  const answer = await plain.exchange(code, verifier).expect(403)
  expect(answer.body).toMatchObject({ code: 'auth.second_factor_unavailable' })
  expect(await plain.auth.core.database.client.session.count()).toBe(0)
})

it('where registration is switched off, only who has an account is let in', async () => {
  const closed = await startOther({ AUTH_REGISTRATION_ENABLED: 'false' })
  await closed.google.be(googleAccount())
  const closedDoor = [403, 'auth.registration_disabled']
  expect(await problemOf((await closed.arrive('google')).answer)).toEqual(closedDoor)
  closed.github.be(githubAccount())
  expect(await problemOf((await closed.arrive('github')).answer)).toEqual(closedDoor)
  const { user } = await createUser(closed.auth.store)
  await closed.auth.store.users.update(user.id, { emailVerifiedAt: new Date() })
  await closed.google.be(googleAccount({ email: user.email, hd: 'example.com' }))
  await closed.signInWith('google')
})

it('while Google is away, nobody returns: 503', async () => {
  const cut = await startOther({})
  await cut.google.be(googleAccount())
  const { browser, callback } = await cut.reach('google')
  await cut.google.stop()
  expect(await problemOf(await browser.visit(callback))).toEqual([503, 'auth.provider_unavailable'])
})

it('while Google was never there, nobody begins: 503', async () => {
  const without = await startOther({ AUTH_GOOGLE_ISSUER: 'http://127.0.0.1:9' })
  const { challenge } = createPkce()
  const answer = await request(without.auth.url)
    .get(`/api/v1/auth/oauth/google?code_challenge=${challenge}`)
    .expect(503)
  expect(answer.body).toMatchObject({ code: 'auth.provider_unavailable' })
})
