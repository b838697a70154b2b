import request from 'supertest'
import { createUser, signIn, startAuth, startMailedAuth, type TestAuth } from '../testing/index.ts'

const paths = ['/reset-password', '/verify-email']
const password = 'a new wall of stone'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth()
})
afterAll(() => auth.stop())

const open = (path: string, headers: Record<string, string> = {}) =>
  request(auth.url).get(path).set(headers)

const submit = (path: string, fields: object, headers: Record<string, string> = {}) =>
  request(auth.url).post(path).type('form').set(headers).send(fields)

/** An account, and tokens as its mails would carry them. */
async function account() {
  const { user, ...known } = await createUser(auth.store)
  const values = { userId: user.id, email: user.email, ttlMs: 60_000 }
  const issue = (purpose: 'reset_password' | 'verify_email') => auth.issue(purpose, values)
  return { user, oldPassword: known.password, issue }
}

const isVerified = async (id: number) =>
  (await auth.store.users.findById(id))?.emailVerifiedAt != null

/** Every answer of a page, whatever it says. */
function expectPrivate({ headers }: request.Response): void {
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-robots-tag': 'noindex',
  })
}

function expectPage(answer: request.Response): void {
  expectPrivate(answer)
  const { headers, text } = answer
  expect(headers['content-type']).toBe('text/html; charset=utf-8')
  expect(headers['content-security-policy']).toMatch(
    /^default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'sha256-[\w+/=]{44}'; img-src data:$/,
  )
  expect(text).toMatch(/^<!doctype html>\s+<html lang="en">/)
  expect(text).not.toMatch(/<script|https?:|\son[a-z]+=|style="/)
}

describe('the page behind a link', () => {
  it.each(paths)('shows a form with the token of the link, as text: %s', async (path) => {
    const answer = await open(`${path}?token=a-b_c`).expect(200)
    expectPage(answer)
    expect(answer.text).toContain(`<form method="post" action="${path.slice(1)}">`)
    expect(answer.text).toContain('<input type="hidden" name="token" value="a-b_c" />')
    const hostile = await open(`${path}?token=${encodeURIComponent('"><b>&\'')}`).expect(200)
    expect(hostile.text).toContain('value="&quot;&gt;&lt;b&gt;&amp;&#39;"')
  })

  it.each([
    ['none', ''],
    ['an empty one', '?token='],
    ['one of 4,097 characters', `?token=${'x'.repeat(4_097)}`],
    ['U+0000', '?token=%00'],
  ])(
    'shows its form to a link with a token that is no token, and says so: %s',
    async (_, query) => {
      for (const path of paths) {
        const answer = await open(path + query).expect(200)
        expectPage(answer)
        expect(answer.text).toContain('name="token" value=""')
        expect(answer.text).toContain('This link is not complete.')
      }
    },
  )

  it.each(paths)('lets mail services add parameters of their own: %s', async (path) => {
    const answer = await open(`${path}?utm_source=mail&token=x&mc_eid=1`).expect(200)
    expect(answer.text).toContain('value="x"')
  })

  it('uses nothing up, however often scanners open it', async () => {
    const { user, issue } = await account()
    const links = [
      `/verify-email?token=${await issue('verify_email')}`,
      `/reset-password?token=${await issue('reset_password')}`,
    ]
    for (const link of links) {
      await open(link).expect(200)
      const head = await request(auth.url).head(link).expect(200)
      expect(head.text).toBeUndefined()
      expect(head.headers['content-type']).toBe('text/html; charset=utf-8')
      expectPrivate(head)
    }
    expect(await isVerified(user.id)).toBe(false)
    const tokens = await auth.core.database.client.oneTimeToken.count({
      where: { userId: user.id },
    })
    expect(tokens).toBe(2)
  })

  it.each(paths)('names its methods, and refuses others: %s', async (path) => {
    const options = await request(auth.url).options(path).expect(204)
    expect(options.headers['allow']).toBe('GET, HEAD, OPTIONS, POST')
    const put = await request(auth.url).put(path).expect(405)
    expect(put.headers['allow']).toBe('GET, HEAD, OPTIONS, POST')
    expectPage(put)
  })

  it.each(['/reset-password/', '/reset-password/x', '/Verify-Email', '/api/v1/reset-password'])(
    'is at no other address: %s',
    async (path) => {
      const answer = await open(path).expect(404)
      expect(answer.body.code).toBe('request.not_found')
    },
  )
})

describe('the form behind a link', () => {
  it('sets the password, once', async () => {
    const { user, oldPassword, issue } = await account()
    const fields = { token: await issue('reset_password'), password }
    const done = await submit('/reset-password', fields).expect(200)
    expectPage(done)
    expect(done.text).toContain('Your password was changed')
    await signIn(auth.url, { email: user.email, password })
    await expect(signIn(auth.url, { email: user.email, password: oldPassword })).rejects.toThrow()
    const again = await submit('/reset-password', fields).expect(400)
    expectPage(again)
    expect(again.text).toContain('This link no longer works')
  })

  it('confirms the address, once', async () => {
    const { user, issue } = await account()
    const fields = { token: await issue('verify_email') }
    const done = await submit('/verify-email', fields).expect(200)
    expectPage(done)
    expect(done.text).toContain('Your address is confirmed')
    expect(await isVerified(user.id)).toBe(true)
    expectPage(await submit('/verify-email', fields).expect(400))
  })

  it('takes no token that is unknown, expired or of the other kind', async () => {
    const { user, issue } = await account()
    const [reset, verify] = [await issue('reset_password'), await issue('verify_email')]
    expectPage(await submit('/reset-password', { token: verify, password }).expect(400))
    expectPage(await submit('/verify-email', { token: reset }).expect(400))
    for (const path of paths) expectPage(await submitTo(path, 'unknown').expect(400))
    auth.clock.advance(60_001)
    expectPage(await submit('/reset-password', { token: reset, password }).expect(400))
    expectPage(await submit('/verify-email', { token: verify }).expect(400))
    expect(await isVerified(user.id)).toBe(false)
  })

  it('comes again with what is wrong, with its token and without the password', async () => {
    const { issue } = await account()
    const token = await issue('reset_password')
    for (const refused of ['7 chars', 'password123', 'é'.repeat(129)]) {
      const answer = await submit('/reset-password', { token, password: refused }).expect(422)
      expectPage(answer)
      expect(answer.text).toContain(`name="token" value="${token}"`)
      expect(answer.text).toMatch(/<p class="fault" id="fault" role="alert">Must .*\.<\/p>/)
      expect(answer.text).toMatch(/aria-describedby="rule fault"\s+aria-invalid="true"/)
      expect(answer.text).not.toContain(refused)
    }
    await submit('/reset-password', { token, password }).expect(200)
  })

  it.each([
    ['no token', { password }, 'This link is not complete.'],
    ['an empty token', { token: '', password }, 'This link is not complete.'],
    ['U+0000 for a token', { token: '\0', password }, 'This link is not complete.'],
    ['no password', { token: 'x' }, 'Missing'],
    ['a member too many', { token: 'x', password, admin: 'yes' }, 'There is no such member.'],
  ])('comes again where it was sent with %s', async (_name, fields, said) => {
    const answer = await submit('/reset-password', fields).expect(422)
    expectPage(answer)
    expect(answer.text).toContain(said)
    expect(answer.text).toContain('<form method="post"')
  })

  it.each(paths)('is a form, and nothing else: %s', async (path) => {
    const json = await request(auth.url).post(path).send({ token: 'x', password }).expect(415)
    expectPage(json)
    expectPage(await request(auth.url).post(path).type('text').send('token=x').expect(415))
    expectPage(await submit(`${path}?token=x`, { token: 'x' }).expect(422))
    const twice = request(auth.url).post(path).type('form').send('token=x&token=y')
    expectPage(await twice.expect(400))
    const large = request(auth.url).post(path).type('form')
    expectPage(await large.send(`token=${'x'.repeat(200_000)}`).expect(413))
  })

  it('is told that the address was taken meanwhile', async () => {
    const { user } = await account()
    const { user: other } = await account()
    await auth.store.users.update(user.id, { pendingEmail: other.email })
    const values = { userId: user.id, email: other.email, ttlMs: 60_000 }
    const token = await auth.issue('verify_email', values)
    const answer = await submit('/verify-email', { token }).expect(409)
    expectPage(answer)
    expect(answer.text).toContain('E-mail taken')
  })
})

describe('a form that comes from elsewhere', () => {
  it.each<[name: string, headers: Record<string, string>]>([
    ['another site', { origin: 'https://evil.example' }],
    ['another port', { origin: 'http://api.test:81' }],
    ['a name that only begins like ours', { origin: 'http://api.test.evil.example' }],
    ['a sandboxed page', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['another host of our site', { origin: 'null', 'sec-fetch-site': 'same-site' }],
    ['somebody who hides it', { origin: 'null' }],
    ['two places at once', { origin: 'http://api.test, https://evil.example' }],
  ])('is refused, and uses nothing up: %s', async (_name, headers) => {
    const { issue } = await account()
    const token = await issue('verify_email')
    expectPage(await submit('/verify-email', { token }, headers).expect(403))
    expectPage(await submit('/reset-password', { token, password }, headers).expect(403))
    await submit('/verify-email', { token }).expect(200)
  })

  it('is taken from our own pages, of which browsers say `null` because no referrer is wanted', async () => {
    const own: Record<string, string>[] = [
      { origin: 'null', 'sec-fetch-site': 'same-origin' },
      { origin: auth.url },
      { origin: 'http://api.test' },
    ]
    for (const headers of own) {
      const { issue } = await account()
      const token = await issue('verify_email')
      await submit('/verify-email', { token }, headers).expect(200)
    }
  })
})

describe('what fails on a page', () => {
  it.each(['application/json', 'application/problem+json', 'application/json, text/html;q=0.9'])(
    'is a problem for a client that prefers %s',
    async (accept) => {
      const token = { token: 'unknown', password: 'short' }
      const cases: [request.Test, number, string][] = [
        [submit('/verify-email', { token: 'x' }), 400, 'auth.invalid_token'],
        [submit('/reset-password', token), 422, 'request.validation_failed'],
        [submit('/verify-email', {}, { origin: 'null' }), 403, 'request.forbidden'],
        [request(auth.url).put('/verify-email'), 405, 'request.method_not_allowed'],
        [request(auth.url).post('/verify-email').send({}), 415, 'request.unsupported_media_type'],
        [open('/verify-email?token=%ff'), 400, 'request.malformed_text'],
        [open(`/verify-email?token=${'x'.repeat(9_000)}`), 414, 'request.address_too_long'],
      ]
      for (const [asked, status, code] of cases) {
        const answer = await asked.set({ accept }).expect(status)
        expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
        expect(answer.body).toMatchObject({ status, code })
        expectPrivate(answer)
        expect(answer.headers['vary']).toContain('Accept')
      }
      const { body } = await submit('/reset-password', token).set({ accept })
      expect(body.errors).toMatchObject([{ pointer: '/body/password' }])
      expect(body.instance).toBe('/reset-password')
    },
  )

  it('is a page for everybody else, before the page is even found', async () => {
    for (const accept of ['text/html', '*/*', 'text/html,application/xml;q=0.9,*/*;q=0.8']) {
      expectPage(await open('/verify-email?token=%ff', { accept }).expect(400))
      expectPage(await open('/verify-email?token=a&token=b', { accept }).expect(400))
      expectPage(await open(`/verify-email?token=${'x'.repeat(9_000)}`, { accept }).expect(414))
    }
  })

  it('is a page as well where the machine is busy, and says when to try again', async () => {
    const slow = {
      AUTH_PASSWORD_AT_ONCE: '1',
      AUTH_PASSWORD_QUEUE: '0',
      AUTH_PASSWORD_PASSES: '30',
    }
    const busy = await startAuth(slow)
    try {
      const { user } = await createUser(busy.store)
      const values = { userId: user.id, email: user.email, ttlMs: 60_000 }
      const token = await busy.issue('reset_password', values)
      const answers = await Promise.all(
        Array.from({ length: 8 }, () =>
          request(busy.url).post('/reset-password').type('form').send({ token, password }),
        ),
      )
      const refused = answers.filter(({ status }) => status === 503)
      expect(refused).not.toEqual([])
      for (const answer of refused) {
        expectPage(answer)
        expect(answer.headers['retry-after']).toMatch(/^\d+$/)
        expect(answer.text).toMatch(/Try again in \d+ seconds?\./)
      }
    } finally {
      await busy.stop()
    }
  })
})

describe('a token in an address', () => {
  it('is in no log line, nor is one in a form', async () => {
    const token = 'this-token-is-nowhere-else'
    for (const path of paths) {
      await open(`${path}?token=${token}`).expect(200)
      await submitTo(path, token).expect(400)
      await submit(`${path}?token=${token}`, {}).expect(422)
    }
    expect(JSON.stringify(auth.lines)).toContain('/reset-password')
    expect(JSON.stringify(auth.lines)).not.toContain(token)
  })
})

describe('the limits of the pages', () => {
  it('are those of the routes that do the same, with which they are counted', async () => {
    const limited = await startAuth({ RATE_LIMIT_ENABLED: 'true' })
    try {
      for (const path of paths) {
        const api = request(limited.url).post(`/api/v1/auth${path}`).send({ token: 'x', password })
        await api.then()
        for (let times = 0; times < 4; times++) {
          const page = await request(limited.url).get(path).expect(200)
          expect(page.headers['ratelimit-policy']).toMatch(/q=10; w=60/)
          await request(limited.url).post(path).type('form').send({ token: 'x', password })
        }
        await request(limited.url).head(path).expect(200)
        const refused = await request(limited.url).get(path).expect(429)
        expectPage(refused)
        expect(refused.text).toMatch(/Try again in \d+ (second|minute)s?\./)
        expect(refused.headers['retry-after']).toMatch(/^\d+$/)
        const problem = await request(limited.url)
          .post(path)
          .set({ accept: 'application/json' })
          .expect(429)
        expect(problem.body.code).toBe('request.rate_limited')
      }
    } finally {
      await limited.stop()
    }
  })
})

describe('pages of the product', () => {
  it('take the place of ours, and the links of mails lead there', async () => {
    const own = await startMailedAuth({ AUTH_PAGES_URL: 'https://app.test/account/' })
    try {
      const { user } = await createUser(own.store)
      const { email } = user
      const post = (path: string) => request(own.url).post(`/api/v1/auth/${path}`).send({ email })
      await post('restore-password').expect(202)
      await post('verify-email/resend').expect(202)
      await own.settled()
      const links = own.smtp.mails.flatMap(({ text }) => text.match(/^http.*(?=\?token=)/m) ?? [])
      expect(links.toSorted()).toEqual([
        'https://app.test/account/reset-password',
        'https://app.test/account/verify-email',
      ])
      for (const path of paths) {
        const answers = [request(own.url).get(path), request(own.url).post(path).type('form')]
        for (const answer of answers) expect((await answer.expect(404)).body.status).toBe(404)
      }
    } finally {
      await own.stop()
    }
  })
})

function submitTo(path: string, token: string): request.Test {
  return submit(path, path === '/reset-password' ? { token, password } : { token })
}
