import { randomBytes } from 'node:crypto'
import request from 'supertest'
import { createUser, signIn, startAuth, type TestAuth } from '../testing/index.ts'
import { createBrowser, createPkce } from '../testing/providers/browser.ts'
import {
  callbackOf,
  githubAccount,
  googleAccount,
  problemOf as problem,
  returnUrl,
  startProviderBed,
  word,
  type ProviderBed,
} from '../testing/providers/provider-bed.ts'
import type { TestGithub } from '../testing/providers/start-github.ts'
import type { TestOpenIdProvider } from '../testing/providers/start-open-id-provider.ts'

let bed: ProviderBed
let auth: TestAuth
let google: TestOpenIdProvider
let github: TestGithub

beforeAll(async () => {
  bed = await startProviderBed()
  ;({ auth, google, github } = bed)
})
afterAll(() => bed.stop())
beforeEach(() => github.behave('well'))

const reach: ProviderBed['reach'] = (...way) => bed.reach(...way)
const arrive: ProviderBed['arrive'] = (provider) => bed.arrive(provider)
const exchange: ProviderBed['exchange'] = (...given) => bed.exchange(...given)
const signInWith: ProviderBed['signInWith'] = (provider) => bed.signInWith(provider)

const profileOf = async (headers: { authorization: string }) =>
  (await request(auth.url).get('/api/v1/profile').set(headers).expect(200)).body as {
    data: { id: number; username: string; email: string; emailVerified: boolean }
  }

const verify = (id: number) => auth.store.users.update(id, { emailVerifiedAt: new Date() })

describe('GET /auth/oauth/:provider', () => {
  it('sends the browser to the provider with PKCE, state and, for OpenID Connect, a nonce', async () => {
    await google.be(googleAccount())
    const { start } = await reach('google')
    const parameters = new URL(start.headers.get('location') ?? '').searchParams
    expect(start.status).toBe(302)
    expect(start.headers.get('cache-control')).toBe('no-store')
    expect(Object.fromEntries(parameters)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: callbackOf('google'),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    })
  })

  it('binds the sign-in to the browser with a cookie that is HttpOnly, Lax and goes to the callback alone', async () => {
    await google.be(googleAccount())
    const { start } = await reach('google')
    const [cookie] = start.headers.getSetCookie()
    expect(cookie).toMatch(/^sign_in_google=/)
    expect(cookie).toContain('Path=/api/v1/auth/oauth/google/callback')
    expect(cookie).toContain('HttpOnly')
    expect(cookie).toContain('SameSite=Lax')
    expect(cookie).toContain('Max-Age=600')
  })

  it('takes no address to return to: that is configured', async () => {
    const { challenge } = createPkce()
    await request(auth.url)
      .get(`/api/v1/auth/oauth/google?code_challenge=${challenge}&return_url=https://evil.example`)
      .expect(422)
  })

  it('wants the challenge of the page', async () => {
    await request(auth.url).get('/api/v1/auth/oauth/github').expect(422)
  })

  it('is unknown for other providers', async () => {
    await request(auth.url).get('/api/v1/auth/oauth/elsewhere').expect(404)
  })
})

describe('a first sign-in', () => {
  it('with Google makes an account with a verified e-mail, without a password', async () => {
    const person = googleAccount({ name: 'Ada  Lovelace' + word() })
    await google.be(person)
    const { data } = await profileOf(await signInWith('google'))
    expect(data).toMatchObject({ email: person.email, emailVerified: true })
    expect(data.username).toBe(person.name.replace('  ', '-'))
    expect((await auth.store.users.findById(data.id))?.passwordHash).toBeNull()
  })

  it('with GitHub does so too, with the primary e-mail', async () => {
    const person = githubAccount()
    github.be(person)
    const { data } = await profileOf(await signInWith('github'))
    expect(data).toMatchObject({ username: person.login, email: person.emails[0]?.email })
  })

  it('finds another username when the name is taken or is none', async () => {
    const { user } = await createUser(auth.store)
    github.be(githubAccount({ login: user.username }))
    const taken = await profileOf(await signInWith('github'))
    expect(taken.data.username).toMatch(new RegExp(`^${user.username}-[0-9a-f]{8}$`))
    await google.be(googleAccount({ name: '石工' }))
    const none = await profileOf(await signInWith('google'))
    expect(none.data.username).toMatch(/^user-[0-9a-f]{8}$/)
  })

  it('at the same time in two browsers makes one account, and both are signed in', async () => {
    github.be(githubAccount())
    const [one, two] = await Promise.all([arrive('github'), arrive('github')])
    const ids = []
    for (const { code, verifier } of [one, two]) {
      const { body } = await exchange(code, verifier).expect(200)
      const { access_token: token } = body as { access_token: string }
      ids.push((await profileOf({ authorization: `Bearer ${token}` })).data.id)
    }
    expect(ids[0]).toBe(ids[1])
  })

  it('is refused when the provider does not vouch for the e-mail', async () => {
    await google.be(googleAccount({ email_verified: false }))
    expect(await problem((await arrive('google')).answer)).toEqual([
      403,
      'auth.provider_email_unverified',
    ])
    github.be(
      githubAccount({ emails: [{ email: 'x@example.com', verified: false, primary: true }] }),
    )
    expect(await problem((await arrive('github')).answer)).toEqual([
      403,
      'auth.provider_email_unverified',
    ])
  })
})

describe('somebody with an account', () => {
  it('is linked by an e-mail that both sides verified', async () => {
    const { user } = await createUser(auth.store)
    await verify(user.id)
    await google.be(googleAccount({ email: user.email.toUpperCase(), hd: 'example.com' }))
    expect((await profileOf(await signInWith('google'))).data.id).toBe(user.id)
  })

  it('is linked by an address of Gmail, whose mailbox is at Google', async () => {
    const { user } = await createUser(auth.store, { email: `${word()}@gmail.com` })
    await verify(user.id)
    await google.be(googleAccount({ email: user.email.replace('gmail.com', 'GMail.com') }))
    expect((await profileOf(await signInWith('google'))).data.id).toBe(user.id)
  })

  it.each(['example.com', 'gmail.com.example.com', 'notgmail.com', 'mail.gmail.com'])(
    'is not linked by a verified address at %s that Google does not host',
    async (domain) => {
      const { user } = await createUser(auth.store, { email: `${word()}@${domain}` })
      await verify(user.id)
      await google.be(googleAccount({ email: user.email }))
      const refusal = [409, 'auth.account_not_linked']
      expect(await problem((await arrive('google')).answer)).toEqual(refusal)
      expect(
        await auth.core.database.client.externalIdentity.count({ where: { userId: user.id } }),
      ).toBe(0)
    },
  )

  it('is linked neither by Gmail nor by a Workspace without a verified address', async () => {
    const { user } = await createUser(auth.store, { email: `${word()}@gmail.com` })
    await verify(user.id)
    await google.be(googleAccount({ email: user.email, hd: 'gmail.com', email_verified: false }))
    const refusal = [403, 'auth.provider_email_unverified']
    expect(await problem((await arrive('google')).answer)).toEqual(refusal)
  })

  it('is not linked while the own e-mail is not verified, because a stranger may have registered it', async () => {
    const { user } = await createUser(auth.store)
    await google.be(googleAccount({ email: user.email, hd: 'example.com' }))
    expect(await problem((await arrive('google')).answer)).toEqual([
      409,
      'auth.account_email_unverified',
    ])
  })

  it('comes back by the identity, whatever became of the e-mail', async () => {
    const person = googleAccount()
    await google.be(person)
    const first = await profileOf(await signInWith('google'))
    await google.be({ ...person, email: 'moved@example.com', email_verified: false })
    expect((await profileOf(await signInWith('google'))).data.id).toBe(first.data.id)
  })

  it('is refused when it is inactive', async () => {
    const { user } = await createUser(auth.store)
    await verify(user.id)
    await google.be(googleAccount({ email: user.email, hd: 'example.com' }))
    await signInWith('google')
    await auth.store.users.update(user.id, { status: 'inactive' })
    expect(await problem((await arrive('google')).answer)).toEqual([403, 'auth.inactive_user'])
  })

  it('starts anew after it was deleted', async () => {
    await google.be(googleAccount())
    const headers = await signInWith('google')
    const before = await profileOf(headers)
    await request(auth.url).delete('/api/v1/profile').set(headers).expect(204)
    expect((await profileOf(await signInWith('google'))).data.id).not.toBe(before.data.id)
  })

  it('without a password gets the same 401 at a log-in, and may choose one by mail', async () => {
    const person = googleAccount()
    await google.be(person)
    const { data } = await profileOf(await signInWith('google'))
    const { email } = person
    const log = (password: string) =>
      request(auth.url).post('/api/v1/auth/login').send({ email, password })
    const { body } = await log('').expect(401)
    expect(body).toMatchObject({ code: 'auth.invalid_credentials' })
    const token = await auth.issue('reset_password', { userId: data.id, email, ttlMs: 60_000 })
    const password = randomBytes(12).toString('base64url')
    await request(auth.url)
      .post('/api/v1/auth/reset-password')
      .send({ token, password })
      .expect(204)
    await log(password).expect(200)
  })
})

describe('GET /auth/oauth/:provider/callback', () => {
  const failed = [400, 'auth.sign_in_failed']

  it('returns to the configured page with a code that no table holds', async () => {
    github.be(githubAccount())
    const { answer, code } = await arrive('github')
    expect(answer.status).toBe(302)
    expect(answer.headers.get('location')).toBe(`${returnUrl}?code=${code}`)
    const { rows } = await auth.core.database.pool.query(
      'SELECT encode(hash, $1) AS hash FROM one_time_token',
      ['hex'],
    )
    expect(JSON.stringify(rows)).not.toContain(Buffer.from(code, 'base64url').toString('hex'))
  })

  it('refuses a wrong state', async () => {
    github.be(githubAccount())
    const { browser, callback } = await reach('github')
    const url = new URL(callback)
    url.searchParams.set('state', word())
    expect(await problem(await browser.visit(url.href))).toEqual(failed)
  })

  it('refuses a browser without the cookie, or with one that was changed', async () => {
    github.be(githubAccount())
    const { callback } = await reach('github')
    expect(await problem(await createBrowser(auth.url).visit(callback))).toEqual(failed)
    const forger = createBrowser(auth.url)
    await forger.jar.setCookie('sign_in_github=e30.e30.e30; Path=/', callback)
    expect(await problem(await forger.visit(callback))).toEqual(failed)
  })

  it('refuses what comes too late', async () => {
    github.be(githubAccount())
    const { browser, callback } = await reach('github')
    auth.clock.advance(11 * 60_000)
    expect(await problem(await browser.visit(callback))).toEqual(failed)
  })

  it('refuses a code that was used, and takes the cookie away with the first use', async () => {
    github.be(githubAccount())
    const { browser, callback } = await reach('github')
    const cookie = await browser.jar.getCookieString(callback)
    expect((await browser.visit(callback)).status).toBe(302)
    expect(await browser.jar.getCookieString(callback)).toBe('')
    await browser.jar.setCookie(`${cookie}; Path=/`, callback)
    expect(await problem(await browser.visit(callback))).toEqual(failed)
  })

  it('refuses an ID token that was made for another nonce', async () => {
    await google.be(googleAccount())
    const tamper = (location: string) => {
      const url = new URL(location)
      url.searchParams.set('nonce', word())
      return url.href
    }
    const { browser, callback } = await reach('google', { tamper })
    expect(await problem(await browser.visit(callback))).toEqual(failed)
  })

  it('refuses the answer of one provider at the callback of another', async () => {
    github.be(githubAccount())
    await google.be(googleAccount())
    const there = await reach('google')
    const url = callbackOf('github') + new URL(there.callback).search
    const cookie = await there.browser.jar.getCookieString(there.callback)
    await there.browser.jar.setCookie(`${cookie.replace('google', 'github')}; Path=/`, url)
    expect(await problem(await there.browser.visit(url))).toEqual(failed)
  })

  it('refuses an answer that names another issuer (RFC 9207)', async () => {
    await google.be(googleAccount())
    const { browser, callback } = await reach('google')
    const url = new URL(callback)
    url.searchParams.set('iss', 'https://evil.example')
    expect(await problem(await browser.visit(url.href))).toEqual(failed)
  })

  it.each(['google', 'github'] as const)(
    'tells when somebody cancelled at %s',
    async (provider) => {
      await google.be(googleAccount())
      const { browser, callback } = await reach(provider)
      const url = new URL(callback)
      url.searchParams.delete('code')
      url.searchParams.set('error', 'access_denied')
      expect(await problem(await browser.visit(url.href))).toEqual([403, 'auth.sign_in_denied'])
    },
  )

  it.each(['broken', 'endless', 'silent'] as const)(
    'answers 503 within seconds when the provider is %s',
    async (behaviour) => {
      github.be(githubAccount())
      const { browser, callback } = await reach('github')
      github.behave(behaviour)
      const began = Date.now()
      const answer = await browser.visit(callback)
      expect(answer.headers.get('retry-after')).toBe('30')
      expect(await problem(answer)).toEqual([503, 'auth.provider_unavailable'])
      expect(Date.now() - began).toBeLessThan(20_000)
    },
  )

  it('leaves no secret in the log', async () => {
    await google.be(googleAccount())
    const { code, verifier } = await arrive('google')
    const { body } = await exchange(code, verifier).expect(200)
    const { access_token: access, refresh_token: refresh } = body as Record<string, string>
    const log = JSON.stringify(auth.lines)
    for (const secret of [
      google.clientSecret,
      github.clientSecret,
      code,
      verifier,
      access,
      refresh,
    ])
      expect(log).not.toContain(secret)
  })
})

describe('POST /auth/oauth/token', () => {
  const invalid = { code: 'auth.invalid_token' }

  it('gives tokens once', async () => {
    github.be(githubAccount())
    const { code, verifier } = await arrive('github')
    const { headers } = await exchange(code, verifier).expect(200)
    expect(headers['cache-control']).toBe('no-store')
    const { body } = await exchange(code, verifier).expect(400)
    expect(body).toMatchObject(invalid)
  })

  it('gives them to the page that began alone, so that nobody is signed in as somebody else', async () => {
    github.be(githubAccount())
    const { code } = await arrive('github')
    const { body } = await exchange(code, createPkce().verifier).expect(400)
    expect(body).toMatchObject(invalid)
  })

  it('refuses a code after a minute', async () => {
    github.be(githubAccount())
    const { code, verifier } = await arrive('github')
    auth.clock.advance(61_000)
    await exchange(code, verifier).expect(400)
  })

  it('refuses a code when the account was closed meanwhile', async () => {
    const { user } = await createUser(auth.store)
    await verify(user.id)
    await google.be(googleAccount({ email: user.email, hd: 'example.com' }))
    const { code, verifier } = await arrive('google')
    await auth.store.users.update(user.id, { status: 'inactive' })
    await exchange(code, verifier).expect(400)
  })
})

describe('the own identities', () => {
  const ask = (headers: { authorization: string }) =>
    request(auth.url).get('/api/v1/auth/identities').set(headers).expect(200)
  const unlink = (id: string, headers: { authorization: string }) =>
    request(auth.url).delete(`/api/v1/auth/identities/${id}`).set(headers)
  const idsOf = async (headers: { authorization: string }) =>
    ((await ask(headers)).body as { data: { id: string }[] }).data.map(({ id }) => id)

  it('are listed, without those of others', async () => {
    const person = githubAccount()
    github.be(person)
    const headers = await signInWith('github')
    expect((await ask(headers)).body).toMatchObject({
      data: [
        {
          id: expect.any(String),
          provider: 'github',
          email: person.emails[0]?.email,
          createdAt: expect.any(String),
        },
      ],
    })
  })

  it('can be unlinked, but for the last one of an account without a password', async () => {
    const person = githubAccount()
    const email = person.emails[0]?.email ?? ''
    github.be(person)
    await google.be(googleAccount({ email, hd: 'example.com' }))
    const headers = await signInWith('github')
    await signInWith('google')
    const [first = '', second = ''] = await idsOf(headers)
    const answers = await Promise.all([unlink(first, headers), unlink(second, headers)])
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409])
    const [left = ''] = await idsOf(headers)
    const { body } = await unlink(left, headers).expect(409)
    expect(body).toMatchObject({ code: 'auth.last_way_in' })
  })

  it('of an account with a password can all be unlinked, by their owner alone', async () => {
    const { user, password } = await createUser(auth.store)
    await verify(user.id)
    github.be(githubAccount({ emails: [{ email: user.email, verified: true, primary: true }] }))
    const headers = await signInWith('github')
    const [id = ''] = await idsOf(headers)
    const stranger = await createUser(auth.store)
    const other = { email: stranger.user.email, password: stranger.password }
    await unlink(id, await signIn(auth.url, other)).expect(404)
    await unlink(id, headers).expect(204)
    await signIn(auth.url, { email: user.email, password })
  })
})

describe('sign-in with providers', () => {
  it('is neither served nor documented when it is off', async () => {
    const off = await startAuth()
    try {
      const paths = ['oauth/google?code_challenge=x', 'oauth/github/callback', 'identities']
      for (const path of paths) await request(off.url).get(`/api/v1/auth/${path}`).expect(404)
      await request(off.url).post('/api/v1/auth/oauth/token').send({}).expect(404)
      const { text } = await request(off.url).get('/openapi.json').expect(200)
      expect(text).not.toContain('/auth/oauth')
    } finally {
      await off.stop()
    }
  })
})
