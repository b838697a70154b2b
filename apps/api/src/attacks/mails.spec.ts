import { buildRegistration, tokenFrom } from '@ashlar/auth/testing'
import {
  eventually,
  startSmtpServer,
  startWorker,
  type ReceivedMail,
  type TestSmtpServer,
  type TestWorker,
} from '@ashlar/core/testing'
import { faultsOf, read, serveApi, type Caller, type TestApi } from '../testing/serve-api.ts'

const appUrl = 'https://quarry.example.com'

let smtp: TestSmtpServer
let api: TestApi
let worker: TestWorker
let caller: Caller

beforeAll(async () => {
  smtp = await startSmtpServer()
  api = await serveApi({ SMTP_URL: smtp.url, APP_URL: appUrl })
  worker = await startWorker(api.core, api.modules)
  caller = await api.signUp()
})
afterAll(async () => {
  await worker.stop()
  await api.stop()
  await smtp.stop()
})

const post = (path: string, body: object, headers = {}) =>
  api.ask('POST', `/api/v1/auth/${path}`, { headers, body })

const mailsTo = (address: string): ReceivedMail[] =>
  smtp.mails.filter(({ recipients }) => recipients.includes(address))

describe('a name that a client sends for this host', () => {
  const forged = {
    host: 'evil.test',
    'x-forwarded-host': 'evil.test',
    'x-forwarded-proto': 'gopher',
    'x-forwarded-prefix': '/evil.test',
    'x-original-url': 'https://evil.test/',
    forwarded: 'host=evil.test;proto=gopher',
    origin: 'https://evil.test',
    referer: 'https://evil.test/',
  }

  it('is in no link of a mail', async () => {
    const account = buildRegistration()
    expect((await post('register', account, forged)).status).toBe(201)
    expect((await post('restore-password', { email: account.email }, forged)).status).toBe(202)
    const mails = await eventually(() => {
      const found = mailsTo(account.email)
      return found.length === 3 ? found : undefined
    })
    const links = mails.flatMap(
      ({ text, html }) => `${text}\n${html}`.match(/\w+:\/\/[^\s"<>]+/g) ?? [],
    )
    expect(links.filter((link) => link.includes('token=')).length).toBeGreaterThan(1)
    for (const link of links.filter((link) => !link.includes('www.w3.org')))
      expect(link.startsWith(`${appUrl}/`)).toBe(true)
    for (const { raw } of mails) expect(raw).not.toMatch(/evil\.test|gopher/)
  })

  it('is in no header and no link of an answer', async () => {
    const account = buildRegistration()
    const registered = await post('register', account, forged)
    expect(registered.headers.location).toMatch(/^\/api\/v1\/users\/\d+$/)
    const { email, password } = account
    const login = await post('login', { email, password }, forged)
    const headers = {
      ...forged,
      authorization: `Bearer ${read<{ access_token: string }>(login).access_token}`,
    }
    const list = await api.ask('GET', '/api/v1/users?per_page=1', { headers })
    expect(list.headers.link).toContain('</api/v1/users?')
    const answers = [
      registered,
      login,
      list,
      await api.ask('GET', '/api/v1/nowhere', { headers }),
      await api.ask('GET', '/openapi.json', { headers }),
      await api.ask('GET', '/docs', { headers }),
    ]
    for (const { headers, text } of answers)
      expect(JSON.stringify(headers) + text).not.toMatch(/evil\.test|gopher/)
  })
})

describe('an address', () => {
  it.each([
    'mason@example.com, thief@example.com',
    'mason@example.com;thief@example.com',
    'mason@example.com\r\nBcc: thief@example.com',
    'mason@example.com\nthief@example.com',
    'mason@example.com thief@example.com',
    '<mason@example.com> thief@example.com',
    '"mason@example.com,"@example.com',
    'mason@example.com\0',
  ])('that is more than one is refused everywhere: %j', async (email) => {
    const { password: currentPassword } = caller
    const body = { email, currentPassword }
    const answers = [
      await post('register', buildRegistration({ email })),
      await post('restore-password', { email }),
      await post('verify-email/resend', { email }),
      await api.ask('PATCH', '/api/v1/profile', { ...caller, body }),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(422)
      expect(faultsOf(answer)).toEqual([expect.stringContaining('/body/email')])
    }
  })

  it.each([
    'mаson@example.com',
    'mason@exаmple.com',
    'mason@example。com',
    'ma\u200dson@example.com',
  ])('that only looks like another is refused: %s', async (email) => {
    expect((await post('register', buildRegistration({ email }))).status).toBe(422)
  })

  it('with a sign that becomes an ASCII letter in lower case is no address, and opens none', async () => {
    const account = buildRegistration({ email: `kiln-${Date.now()}@example.com` })
    expect((await post('register', account)).status).toBe(201)
    const email = account.email.replace('k', '\u212a')
    expect((await post('register', buildRegistration({ email }))).status).toBe(422)
    expect((await post('restore-password', { email })).status).toBe(422)
    const { password } = account
    expect((await post('login', { email, password })).status).toBe(401)
  })

  it.each([
    `${'a'.repeat(65)}@example.com`,
    `mason@${'a'.repeat(64)}.com`,
    'mason@wall-.com',
    'mason@-wall.com',
    'mason@wall..com',
    'mason.@wall.com',
    '.mason@wall.com',
    'ma..son@wall.com',
    'mason@wall',
    'mason@127.0.0.1',
    'mason@[127.0.0.1]',
    '"ma son"@wall.com',
    'mason@wall.com\n',
    'mason@wall.com\r\nBcc: a@x.test',
    `mason@${'wall.'.repeat(50)}com`,
  ])('that no mail server takes is refused: %j', async (email) => {
    expect((await post('register', buildRegistration({ email }))).status).toBe(422)
  })

  it.each([
    `${'a'.repeat(56)}+${Date.now().toString(36)}@${'b'.repeat(63)}.com`.slice(-130),
    `a&b!#$%*/=?^_{|}~'-${Date.now()}@example.com`,
    `mason-${Date.now()}@xn--e1afmkfd.xn--p1ai`,
  ])('that a mail server takes is taken: %j', async (email) => {
    expect((await post('register', buildRegistration({ email }))).status).toBe(201)
  })

  it('with a tag is another account, with blanks and capitals the same', async () => {
    const account = buildRegistration()
    const [local, domain] = account.email.split('@')
    expect((await post('register', account)).status).toBe(201)
    const tagged = buildRegistration({ email: `${local}+wall@${domain}` })
    expect((await post('register', tagged)).status).toBe(201)
    const same = buildRegistration({ email: ` ${account.email.toUpperCase()}\t` })
    expect((await post('register', same)).status).toBe(409)
    const login = { email: ` ${account.email.toUpperCase()}`, password: account.password }
    expect((await post('login', login)).status).toBe(200)
  })
})

describe('a name', () => {
  it.each([
    '<b>mason</b>',
    '{{app}}',
    '${app}',
    'mason\r\nBcc: a@x.test',
    '"mason"',
    'mаson',
    'ma son',
  ])('that could be more than text in a mail or a header is refused: %j', async (username) => {
    const registered = await post('register', buildRegistration({ username }))
    const { headers } = await api.signUp()
    const changed = await api.ask('PATCH', '/api/v1/profile', { headers, body: { username } })
    for (const answer of [registered, changed]) {
      expect(answer.status).toBe(422)
      expect(faultsOf(answer)).toEqual([expect.stringContaining('/body/username')])
    }
  })
})

it('the token of a mail opens its own purpose, and only in its body', async () => {
  const { email } = await api.signUp()
  await post('restore-password', { email })
  const token = tokenFrom(
    await smtp.waitForMail((mail) => mail.recipients.includes(email) && /reset/.test(mail.text)),
  )
  const authorization = `Bearer ${token}`
  const profile = await api.ask('GET', '/api/v1/profile', { headers: { authorization } })
  expect(profile.status).toBe(401)
  expect((await post('refresh-token', { refresh_token: token })).status).toBe(401)
  expect((await post('verify-email', { token })).status).toBe(400)
  expect(
    (await post(`reset-password?token=${token}`, { password: 'stone upon stone' })).status,
  ).toBe(422)
  expect((await post('reset-password', { token, password: 'stone upon stone' })).status).toBe(204)
})
