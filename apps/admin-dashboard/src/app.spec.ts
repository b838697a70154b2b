import { randomBytes } from 'node:crypto'
import { createUser, protectAccount, startAuth, type TestAuth } from '@ashlar/auth/testing'
import { cookieOf, serveAdmin, type TestAdmin } from './testing/serve-admin.ts'

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

describe('the dashboard', () => {
  let auth: TestAuth
  let admin: TestAdmin
  beforeAll(async () => ({ auth, admin } = await start({})))
  afterAll(() => stop(auth, admin))

  describe('without a session', () => {
    it.each(['/queues', '/queues/', '/queues/queue/auth.events', '/queues/static/js/main.js'])(
      'sends a browser from %s to the log-in',
      async (path) => {
        const answer = await admin.ask(path)
        expect(answer.status).toBe(303)
        expect(answer.headers.get('location')).toBe('/login')
      },
    )

    it.each(['/queues/api/queues', '/queues/api/redis/stats', '/queues/api/no-such'])(
      'answers 401 at %s, also to HEAD',
      async (path) => {
        const answer = await admin.ask(path)
        expect(answer.status).toBe(401)
        expect(answer.headers.get('content-type')).toBe('application/problem+json')
        expect(await answer.json()).toMatchObject({ code: 'request.unauthenticated' })
        expect((await admin.ask(path, { method: 'HEAD' })).status).toBe(401)
      },
    )

    it('asks for credentials on a page too', async () => {
      const answer = await admin.ask('/queues/api/queues', { headers: browser })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      expect(answer.headers.get('vary')).toMatch('Accept')
    })

    it('changes nothing, not for a forged cookie either', async () => {
      for (const cookie of ['', '__Host-ashlar-admin=', '__Host-ashlar-admin=1', 'ashlar-admin=1'])
        expect(
          await admin.ask('/queues/api/queues/pause', { method: 'PUT', headers: { cookie } }),
        ).toHaveProperty('status', 401)
      expect(await auth.core.queues.get('auth.events').isPaused()).toBe(false)
    })

    it('refuses a long code for its length, and long credentials like wrong ones', async () => {
      const long = `a${' '.repeat(30_000)}a`
      const json = { accept: 'application/problem+json' }
      const tooLong = await admin.logIn({ email: 'a', password: 'a', code: long }, json)
      expect(await tooLong.json()).toMatchObject({
        status: 422,
        errors: [{ pointer: '/body/code', code: 'too_big' }],
      })
      const wrong = await admin.logIn({ email: long, password: long }, json)
      expect(await wrong.json()).toMatchObject({ status: 401, code: 'auth.invalid_credentials' })
    })

    it('leads from / to the queues, and from the account to the log-in', async () => {
      expect((await admin.ask('/')).headers.get('location')).toBe('/queues')
      expect((await admin.ask('/account')).headers.get('location')).toBe('/login')
    })

    it('is found alive and ready', async () => {
      expect((await admin.ask('/health/live')).status).toBe(200)
      expect((await admin.ask('/health/ready')).status).toBe(200)
      expect((await admin.ask('/metrics')).status).toBe(404)
    })

    it('answers 405 with the methods that there are, and 404 as a page for a browser', async () => {
      const answer = await admin.ask('/login', { method: 'DELETE' })
      expect(answer.status).toBe(405)
      expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST')
      const missing = await admin.ask('/no-such', { headers: browser })
      expect(missing.status).toBe(404)
      expect(missing.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect((await admin.ask('/no-such')).headers.get('content-type')).toMatch('problem+json')
    })
  })

  describe('the log-in', () => {
    it('is a labelled form with the name of the application and without a script', async () => {
      const answer = await admin.ask('/login')
      const page = await answer.text()
      expect(answer.status).toBe(200)
      expect(page).toContain(auth.core.config.appName)
      expect(page).toContain('<form method="post" action="/login">')
      for (const name of ['email', 'password']) {
        expect(page).toContain(`<label for="${name}">`)
        expect(page).toContain(`id="${name}"`)
      }
      expect(page).not.toContain('<script')
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect((await admin.ask('/style.css')).headers.get('content-type')).toMatch('text/css')
    })

    it('lets an administrator in, with a cookie that only the browser keeps', async () => {
      const answer = await admin.logIn(await createAdmin())
      expect(answer.status).toBe(303)
      expect(answer.headers.get('location')).toBe('/queues')
      const [cookie, ...others] = answer.headers.getSetCookie()
      expect(others).toEqual([])
      const [pair, ...attributes] = cookie?.split('; ') ?? []
      expect(pair).toMatch(/^__Host-ashlar-admin=[\w-]{43}$/)
      expect(attributes).toEqual(
        expect.arrayContaining(['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/']),
      )
      expect(cookie).not.toMatch(/domain/i)
      const board = await admin.ask('/queues', { headers: cookieOf(answer) })
      expect(board.status).toBe(200)
    })

    it('takes an e-mail in any case and a password in any normal form', async () => {
      const { email } = await createAdmin({ password: 'pass \u00e9\u00e9\u00e9\u00e9' })
      const answer = await admin.logIn({
        email: `  ${email.toUpperCase()} `,
        password: 'pass e\u0301e\u0301e\u0301e\u0301',
      })
      expect(answer.status).toBe(303)
    })

    it('answers 401 with the form and one message for whatever is wrong, and repeats nothing of it', async () => {
      const { email } = await createAdmin()
      const attempts = [
        { email, password: 'wr0ng-guess' },
        { email: 'nobody@example.com', password: 'wr0ng-guess' },
        { email: '"><script>', password: 'wr0ng-guess'.repeat(200) },
      ]
      const pages = new Set<string>()
      for (const attempt of attempts) {
        const answer = await admin.logIn(attempt)
        expect(answer.status).toBe(401)
        expect(answer.headers.getSetCookie()).toEqual([])
        pages.add(await answer.text())
      }
      expect(pages.size).toBe(1)
      expect([...pages][0]).toContain('role="alert"')
      expect([...pages][0]).not.toMatch(/wr0ng|nobody|script/)
    })

    it('answers 403 to a user who is no administrator', async () => {
      const { user, password } = await createUser(auth.store)
      const answer = await admin.logIn({ email: user.email, password })
      expect(answer.status).toBe(403)
      expect(answer.headers.getSetCookie()).toEqual([])
      expect(await answer.text()).toContain('role="alert"')
    })

    it.each([
      { email: '', password: '' },
      { email: 'nobody@example.com', password: '' },
      { email: 'a\0b@example.com', password: 'wr0ng-guess' },
    ])('answers 422 with the form where something is missing or no text: %j', async (attempt) => {
      const answer = await admin.logIn(attempt)
      expect(answer.status).toBe(422)
      const page = await answer.text()
      expect(page).toContain('Fill in e-mail and password.')
      expect(page).not.toMatch(/wr0ng|nobody/)
    })

    it('answers a problem to whoever asks for no page', async () => {
      const { user, password } = await createUser(auth.store)
      const program = { accept: 'application/json' }
      const problemFor = async (body: Record<string, string>) => {
        const init = { method: 'POST', body: new URLSearchParams(body), headers: program }
        const answer = await admin.ask('/login', init)
        expect(answer.headers.get('content-type')).toBe('application/problem+json')
        const challenge = answer.headers.get('www-authenticate')
        return { ...((await answer.json()) as object), challenge }
      }
      expect(await problemFor({ email: user.email, password: 'wrong' })).toMatchObject({
        code: 'auth.invalid_credentials',
        instance: '/login',
        challenge: 'Bearer',
      })
      expect(await problemFor({ email: user.email, password })).toMatchObject({
        code: 'request.forbidden',
      })
      expect(await problemFor({ email: user.email, extra: '1' })).toMatchObject({
        code: 'request.validation_failed',
        errors: [{ pointer: '/body/password' }, { pointer: '/body/extra' }],
      })
    })

    it('takes a form only', async () => {
      const answer = await admin.ask('/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(await createAdmin()),
      })
      expect(answer.status).toBe(415)
    })

    it('makes a new session and ends the one before', async () => {
      const credentials = await createAdmin()
      const first = cookieOf(await admin.logIn(credentials))
      const second = cookieOf(await admin.logIn(credentials, first))
      expect(second).not.toEqual(first)
      expect(await statusWith(first)).toBe(401)
      expect(await statusWith(second)).toBe(200)
      expect((await admin.ask('/login', { headers: second })).headers.get('location')).toBe(
        '/queues',
      )
    })

    it('does not take over an id that somebody else chose', async () => {
      const planted = { cookie: `__Host-ashlar-admin=${'a'.repeat(43)}` }
      await admin.logIn(await createAdmin(), planted)
      expect(await statusWith(planted)).toBe(401)
    })
  })

  describe('a session', () => {
    it('is dead after the log-out, on every replica', async () => {
      const cookie = cookieOf(await admin.logIn(await createAdmin()))
      const replica = await serveAdmin(auth.core, { auth: auth.module, all: [auth.module] })
      expect((await replica.ask('/queues/api/queues', { headers: cookie })).status).toBe(200)
      const answer = await admin.ask('/logout', { method: 'POST', headers: cookie })
      expect(answer.status).toBe(303)
      expect(answer.headers.get('location')).toBe('/login')
      expect(answer.headers.getSetCookie()[0]).toMatch(
        /^__Host-ashlar-admin=;.*Expires=Thu, 01 Jan/,
      )
      expect((await replica.ask('/queues/api/queues', { headers: cookie })).status).toBe(401)
      expect(await statusWith(cookie)).toBe(401)
      await replica.stop()
    })

    it('shows who it belongs to, and a way out', async () => {
      const credentials = await createAdmin()
      const headers = cookieOf(await admin.logIn(credentials))
      const page = await (await admin.ask('/account', { headers })).text()
      expect(page).toContain(credentials.email)
      expect(page).toContain('<form method="post" action="/logout">')
    })

    it('answers 403 to an administrator who was demoted, and ends', async () => {
      const credentials = await createAdmin()
      const headers = cookieOf(await admin.logIn(credentials))
      await change(credentials.email, { role: 'user' })
      expect(await statusWith(headers)).toBe(403)
      expect(await statusWith(headers)).toBe(401)
    })

    it.each([{ status: 'inactive' as const }, { deletedAt: new Date() }])(
      'ends with its account: %p',
      async (data) => {
        const credentials = await createAdmin()
        const headers = cookieOf(await admin.logIn(credentials))
        await change(credentials.email, data)
        expect(await statusWith(headers)).toBe(401)
        await change(credentials.email, { status: 'active' })
        expect(await statusWith(headers)).toBe(401)
      },
    )
  })

  describe('a change', () => {
    it.each([undefined, 'null', 'https://elsewhere.test', 'https://127.0.0.1', ''])(
      'from the origin %p is refused',
      async (origin) => {
        const cookie = cookieOf(await admin.logIn(await createAdmin()))
        const headers = { ...cookie, ...(origin !== undefined && { origin }) }
        for (const [method, path] of [
          ['PUT', '/queues/api/queues/pause'],
          ['POST', '/queues/api/queues/auth.tasks/add'],
          ['POST', '/logout'],
          ['POST', '/login'],
        ] as const) {
          const answer = await fetch(`${admin.url}${path}`, { method, headers, redirect: 'manual' })
          expect(answer.status).toBe(403)
          expect(answer.headers.get('content-type')).toBe('application/problem+json')
        }
        expect(await statusWith(cookie)).toBe(200)
        expect(await auth.core.queues.get('auth.events').isPaused()).toBe(false)
      },
    )

    it('as text/plain of another site is refused', async () => {
      const cookie = cookieOf(await admin.logIn(await createAdmin()))
      const answer = await admin.ask('/queues/api/queues/auth.tasks/add', {
        method: 'POST',
        headers: { ...cookie, origin: 'https://elsewhere.test', 'content-type': 'text/plain' },
        body: JSON.stringify({ name: 'auth.purge-expired-sessions', data: {} }),
      })
      expect(answer.status).toBe(403)
      expect(await auth.core.queues.get('auth.tasks').getJobCountByTypes('waiting')).toBe(0)
    })

    it('from the own origin is made', async () => {
      const headers = cookieOf(await admin.logIn(await createAdmin()))
      const paused = await admin.ask('/queues/api/queues/pause', { method: 'PUT', headers })
      expect(paused.status).toBe(200)
      expect(await auth.core.queues.get('auth.events').isPaused()).toBe(true)
      await admin.ask('/queues/api/queues/resume', { method: 'PUT', headers })
      expect(await auth.core.queues.get('auth.events').isPaused()).toBe(false)
    })
  })

  it.each(['/login', '/queues', '/no-such', '/queues/api/queues'])(
    'may not be framed, nor ask another host: %s',
    async (path) => {
      const cookie = cookieOf(await admin.logIn(await createAdmin()))
      for (const headers of [browser, { ...browser, ...cookie }]) {
        const answer = await admin.ask(path, { headers })
        const policy = answer.headers.get('content-security-policy') ?? ''
        expect(answer.headers.get('x-frame-options')).toBe('DENY')
        expect(policy).toContain("frame-ancestors 'none'")
        expect(policy).toContain("default-src 'none'")
        expect(policy).not.toMatch(/https?:|unsafe-eval|\*|script-src(?! 'self'(;|$))/)
        expect(await answer.text()).not.toMatch(/(src|href)="(https?:)?\/\//)
      }
    },
  )

  async function createAdmin(values = {}) {
    const { user, password } = await createUser(auth.store, { ...values, role: 'admin' })
    return { email: user.email, password }
  }

  async function statusWith(headers: Record<string, string>): Promise<number> {
    return (await admin.ask('/queues/api/queues', { headers })).status
  }

  async function change(email: string, data: object): Promise<void> {
    await auth.core.database.client.user.updateMany({ where: { email }, data })
  }
})

describe('an administrator with a second factor', () => {
  it('is asked for the code after the password, and let in with it', async () => {
    const key = randomBytes(32).toString('base64')
    const { auth, admin } = await start({ AUTH_TOTP_KEY: key })
    const { user, password } = await createUser(auth.store, { role: 'admin' })
    const credentials = { email: user.email, password }
    const { app } = await protectAccount(auth, { user, password })

    const first = await admin.logIn(credentials)
    expect(first.status).toBe(401)
    const page = await first.text()
    expect(page).toContain('The password is right')
    expect(page).toContain('name="code"')
    expect(page).not.toContain(password)
    const wrong = await admin.logIn({ ...credentials, code: '000000' })
    expect(wrong.status).toBe(401)
    expect(await wrong.text()).toContain('name="code"')
    expect((await admin.logIn({ ...credentials, code: ' ' })).status).toBe(401)
    const answer = await admin.logIn({ ...credentials, code: app.code() })
    expect(answer.status).toBe(303)
    expect((await admin.ask('/queues', { headers: cookieOf(answer) })).status).toBe(200)
    await stop(auth, admin)
  })
})

describe('guessing', () => {
  it('is limited, together with the log-in of the api', async () => {
    const { auth, admin } = await start({ RATE_LIMIT_ENABLED: 'true' })
    const credentials = { email: 'nobody@example.com', password: 'wrong' }
    const atApi = () =>
      fetch(`${auth.url}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(credentials),
      })
    for (let i = 0; i < 5; i += 1) {
      expect((await admin.logIn(credentials)).status).toBe(401)
      expect((await atApi()).status).toBe(401)
    }
    expect((await atApi()).status).toBe(429)
    const refused = await admin.logIn(credentials, browser)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await refused.text()).toMatch(/Try again in \d+ seconds?\./)
    await stop(auth, admin)
  })
})

describe('behind a proxy that ends TLS', () => {
  it('the own origin is what the browser sees', async () => {
    const { auth, admin } = await start({ TRUST_PROXY: '1' })
    const { user, password } = await createUser(auth.store, { role: 'admin' })
    const attempt = (headers: Record<string, string>) =>
      admin.logIn({ email: user.email, password }, headers)
    const origin = admin.url.replace('http:', 'https:')
    expect((await attempt({ origin, 'x-forwarded-proto': 'https' })).status).toBe(303)
    expect((await attempt({ origin })).status).toBe(403)
    await stop(auth, admin)
  })
})

describe('without TLS, in local', () => {
  it('the cookie goes without Secure, which no browser would keep there', async () => {
    const { auth, admin } = await start({ APP_ENV: 'local' })
    const { user, password } = await createUser(auth.store, { role: 'admin' })
    const answer = await admin.logIn({ email: user.email, password })
    const [cookie] = answer.headers.getSetCookie()
    expect(cookie).toMatch(/^ashlar-admin=[\w-]{43}; .*HttpOnly; SameSite=Strict$/)
    expect(cookie).not.toContain('Secure')
    expect((await admin.ask('/queues', { headers: cookieOf(answer) })).status).toBe(200)
    await stop(auth, admin)
  })
})

async function start(environment: Record<string, string>) {
  const auth = await startAuth(environment)
  return { auth, admin: await serveAdmin(auth.core, { auth: auth.module, all: [auth.module] }) }
}

async function stop(auth: TestAuth, admin: TestAdmin): Promise<void> {
  await admin.stop()
  await auth.stop()
}
