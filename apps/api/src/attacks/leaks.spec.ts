import { buildRegistration, tokenFrom } from '@ashlar/auth/testing'
import {
  startSmtpServer,
  startWorker,
  type TestSmtpServer,
  type TestWorker,
} from '@ashlar/core/testing'
import { read, serveApi, type Answer, type TestApi } from '../testing/serve-api.ts'

let smtp: TestSmtpServer
let api: TestApi
let worker: TestWorker
/** Every secret that went over the wire, by what it is. */
const secrets = new Map<string, string>()
const answers: Answer[] = []
let appKey: string

beforeAll(async () => {
  smtp = await startSmtpServer()
  api = await serveApi({ SMTP_URL: smtp.url, LOG_LEVEL: 'trace', RATE_LIMIT_ENABLED: 'true' })
  appKey = api.core.config.appName.replace(' ', '-')
  worker = await startWorker(api.core, api.modules)
  await useEverything()
})
afterAll(async () => {
  await worker.stop()
  await api.stop()
  await smtp.stop()
})

/** A life of an account, with some requests that clients get wrong. */
async function useEverything(): Promise<void> {
  const account = buildRegistration({ password: plant('password', 'xq7-first-password') })
  const { email, password } = account
  const key = { 'idempotency-key': 'once' }
  await post('register', account, key)
  await post('register', account, key)
  const login = tokensOf(await post('login', { email, password }))
  const { refresh_token, headers } = tokensOf(
    await post('refresh-token', { refresh_token: login.refresh_token }),
  )
  const changed = plant('second password', 'xq7-second-password')
  const wrong = plant('wrong password', 'xq7-wrong-password')
  for (const currentPassword of [wrong, password])
    await send('PATCH', '/api/v1/profile', headers, { password: changed, currentPassword })
  await post('login', { email, password: wrong })
  // The password in the field of the e-mail, in the query, under another name, in malformed JSON, in a header.
  await post('login', { email: wrong, password: wrong })
  await send('GET', `/api/v1/profile?password=${wrong}&token=${refresh_token}`, headers)
  await send('GET', `/api/v1/users?filters=email:${wrong}`, headers)
  await post('login', { user: email, pwd: wrong, [wrong.slice(4)]: 1 })
  await send('POST', '/api/v1/auth/login', {}, `{"email":"${email}","password":"${wrong}"`)
  await send('GET', '/api/v1/profile', { authorization: `Basic ${wrong}`, cookie: `sid=${wrong}` })
  await send('GET', '/api/v1/profile', { authorization: `Bearer ${refresh_token}` })
  await post('reset-password', { token: wrong, password: wrong })
  await post('restore-password', { email })
  const reset = await smtp.waitForMail(({ text }) => /reset-password/.test(text))
  const verification = await smtp.waitForMail(({ text }) => /verify-email/.test(text))
  const third = plant('third password', 'xq7-third-password')
  await post('verify-email', { token: plant('verification token', tokenFrom(verification)) })
  await post('reset-password', { token: plant('reset token', tokenFrom(reset)), password: third })
  await post('refresh-token', { refresh_token: login.refresh_token })
  await smtp.waitForMail(({ subject }) => /password/i.test(subject) && /changed/i.test(subject))
}

function plant(name: string, secret: string): string {
  secrets.set(name, secret)
  return secret
}

function tokensOf(answer: Answer) {
  const { access_token, refresh_token } = read<Record<string, string>>(answer)
  plant(`access token ${secrets.size}`, access_token ?? '')
  plant(`refresh token ${secrets.size}`, refresh_token ?? '')
  return { refresh_token, headers: { authorization: `Bearer ${access_token}` } }
}

const post = (path: string, body: object, headers = {}) =>
  send('POST', `/api/v1/auth/${path}`, headers, body)

async function send(method: string, path: string, headers: object, body?: object | string) {
  const answer = await api.ask(method, path, { headers: { ...headers }, body })
  answers.push(answer)
  return answer
}

/** Names of the secrets that a text holds, as they are or in one of the forms in which stores write bytes. */
function secretsIn(text: string): string[] {
  const forms = (secret: string) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('hex'),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret, 'base64url').toString('hex'),
  ]
  return [...secrets].flatMap(([name, secret]) =>
    forms(secret).some((form) => text.includes(form)) ? name : [],
  )
}

it('the search finds what is there', () => {
  expect(secrets.size).toBe(10)
  for (const [name, secret] of secrets) {
    expect(secret.length).toBeGreaterThan(15)
    expect(secretsIn(`x ${secret} y`)).toContain(name)
  }
})

it('no secret is in a log line', () => {
  expect(api.lines.length).toBeGreaterThan(15)
  expect(api.lines.filter((line) => secretsIn(JSON.stringify(line)).length > 0)).toEqual([])
})

it('no secret is in a row of the database', async () => {
  const { pool } = api.core.database
  const tables = await pool.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  )
  let rows = 0
  for (const { name } of tables.rows) {
    const found = await pool.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)
    rows += found.rows.length
    for (const { row } of found.rows) expect([name, secretsIn(row)]).toEqual([name, []])
  }
  expect(rows).toBeGreaterThan(15)
})

it('no secret is in Redis', async () => {
  const keys = await api.core.redis.client.keys(`*${appKey}*`)
  expect(keys.length).toBeGreaterThan(5)
  for (const key of keys) {
    const value = key + (await readKey(key))
    expect([key, secretsIn(value)]).toEqual([key, []])
  }
})

it('no secret is in a metric', async () => {
  expect(secretsIn(await api.core.metrics.registry.metrics())).toEqual([])
})

it('no secret is in a mail but for the one token of its link', () => {
  expect(smtp.mails.length).toBeGreaterThan(3)
  for (const { raw, text, html } of smtp.mails) {
    const [head = ''] = raw.split('\r\n\r\n')
    expect(secretsIn(head)).toEqual([])
    expect(secretsIn(text + html)).toHaveLength(text.includes('token=') ? 1 : 0)
  }
})

it('no secret is in an answer but for the tokens of log-in and refresh, which nobody may keep', () => {
  for (const { text, headers, status } of answers) {
    const found = secretsIn(text + JSON.stringify(headers))
    if (!text.includes('"access_token"')) expect([status, found]).toEqual([status, []])
    else expect(headers['cache-control']).toBe('no-store')
  }
})

/** Everything in a key, whatever its type. */
async function readKey(key: string): Promise<string> {
  const { client } = api.core.redis
  const readers: Record<string, () => Promise<unknown>> = {
    string: () => client.get(key),
    hash: () => client.hgetall(key),
    list: () => client.lrange(key, '0', '-1'),
    set: () => client.smembers(key),
    zset: () => client.zrange(key, '0', '-1'),
    stream: () => client.xrange(key, '-', '+'),
    // A lock that is given back meanwhile.
    none: () => Promise.resolve(null),
  }
  const type = await client.type(key)
  const reader = readers[type]
  if (!reader) throw new Error(`${key} has the type ${type}, which nobody reads here`)
  return JSON.stringify(await reader())
}
