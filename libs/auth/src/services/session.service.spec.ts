import request from 'supertest'
import { createUser, startAuth, type TestAuth } from '../testing/index.ts'

interface Tokens {
  access_token: string
  refresh_token: string
}

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth()
})
afterAll(() => auth.stop())

const post = (path: string) => request(auth.url).post(`/api/v1/auth/${path}`)
const refresh = (token: string) => post('refresh-token').send({ refresh_token: token })
const profile = ({ access_token: token }: Tokens) =>
  request(auth.url).get('/api/v1/profile').set('authorization', `Bearer ${token}`)

async function logIn(account?: { email: string; password: string }): Promise<Tokens> {
  const { email, password } = account ?? (await createAccount())
  const answer = await post('login').send({ email, password }).expect(200)
  return answer.body as Tokens
}

async function createAccount() {
  const { user, password } = await createUser(auth.store)
  return { id: user.id, email: user.email, password }
}

async function exchange({ refresh_token: token }: Tokens): Promise<Tokens> {
  return (await refresh(token).expect(200)).body as Tokens
}

const reusedEvents = () =>
  auth.core.database.client.outboxEvent.count({ where: { name: 'auth.session-reused' } })

describe('POST /auth/refresh-token', () => {
  it('answers a new pair, not wrapped and not stored, for the same session', async () => {
    const first = await logIn()
    const answer = await refresh(first.refresh_token).expect(200)
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.stringMatching(/^[A-Za-z0-9_-]{86}$/),
      token_type: 'Bearer',
      expires_in: 900,
    })
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.body.refresh_token).not.toBe(first.refresh_token)
    expect(sessionOf(answer.body as Tokens)).toBe(sessionOf(first))
    await profile(answer.body as Tokens).expect(200)
    await profile(first).expect(200)
  })

  it('gives twenty requests with one token at once one and the same successor', async () => {
    const { refresh_token: token } = await logIn()
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(token)))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(new Set(answers.map(({ body }) => (body as Tokens).refresh_token)).size).toBe(1)
    await refresh((answers[0]?.body as Tokens).refresh_token).expect(200)
  })

  it('gives the direct predecessor the same successor within its grace', async () => {
    const first = await logIn()
    const second = await exchange(first)
    auth.clock.advance(9_000)
    expect((await exchange(first)).refresh_token).toBe(second.refresh_token)
    await exchange(second)
  })

  it('ends the family when the predecessor comes after its grace, and tells it once', async () => {
    const before = await reusedEvents()
    const first = await logIn()
    const second = await exchange(first)
    auth.clock.advance(11_000)
    const answer = await refresh(first.refresh_token).expect(401)
    expect(answer.body.code).toBe('auth.invalid_refresh_token')
    expect(answer.headers['www-authenticate']).toBe('Bearer')
    await refresh(first.refresh_token).expect(401)
    await refresh(second.refresh_token).expect(401)
    await profile(second).expect(401)
    expect(await reusedEvents()).toBe(before + 1)
  })

  it('ends the family at once when an older token comes, also within the grace', async () => {
    const first = await logIn()
    const third = await exchange(await exchange(first))
    await refresh(first.refresh_token).expect(401)
    await refresh(third.refresh_token).expect(401)
  })

  it('lets a session live as long as it is used, and no longer', async () => {
    const day = 86_400_000
    let tokens = await logIn()
    auth.clock.advance(6 * day)
    tokens = await exchange(tokens)
    auth.clock.advance(6 * day)
    tokens = await exchange(tokens)
    auth.clock.advance(7 * day + 1_000)
    await refresh(tokens.refresh_token).expect(401)
  })

  it('refuses the token of an inactive and of a deleted user', async () => {
    for (const change of [{ status: 'inactive' as const }, { deletedAt: new Date() }]) {
      const account = await createAccount()
      const tokens = await logIn(account)
      await auth.core.database.client.user.update({ where: { id: account.id }, data: change })
      await refresh(tokens.refresh_token).expect(401)
    }
  })

  it.each([
    ['is unknown', { refresh_token: 'x' }, 401],
    ['has 4,096 characters', { refresh_token: 'x'.repeat(4_096) }, 401],
    ['has 4,097 characters', { refresh_token: 'x'.repeat(4_097) }, 422],
    ['is empty', { refresh_token: '' }, 422],
    ['is a number', { refresh_token: 1 }, 422],
    ['holds a NUL', { refresh_token: '\0' }, 422],
    ['is missing', {}, 422],
  ])('refuses a token that %s', async (_name, body, status) => {
    await post('refresh-token').send(body).expect(status)
  })

  it('takes no access token in place of a refresh token', async () => {
    await refresh((await logIn()).access_token).expect(401)
  })
})

describe('POST /auth/logout', () => {
  it('ends the session and its access tokens at once', async () => {
    const tokens = await logIn()
    await post('logout').send({ refresh_token: tokens.refresh_token }).expect(204)
    await profile(tokens).expect(401)
    await refresh(tokens.refresh_token).expect(401)
  })

  it('takes a token in its grace', async () => {
    const first = await logIn()
    const second = await exchange(first)
    auth.clock.advance(9_000)
    await post('logout').send({ refresh_token: first.refresh_token }).expect(204)
    await profile(second).expect(401)
    await refresh(second.refresh_token).expect(401)
  })

  it('leaves the session alone for a token past its grace, and calls nothing theft', async () => {
    const before = await reusedEvents()
    const first = await logIn()
    const second = await exchange(first)
    const third = await exchange(second)
    await post('logout').send({ refresh_token: first.refresh_token }).expect(204)
    auth.clock.advance(11_000)
    await post('logout').send({ refresh_token: second.refresh_token }).expect(204)
    await profile(third).expect(200)
    await exchange(third)
    expect(await reusedEvents()).toBe(before)
  })

  it('answers 204 to a token that is unknown or was ended', async () => {
    const { refresh_token: token } = await logIn()
    for (const each of [token, token, 'unknown'])
      await post('logout').send({ refresh_token: each }).expect(204)
  })

  it('leaves the other sessions of the user alone', async () => {
    const account = await createAccount()
    const [one, other] = [await logIn(account), await logIn(account)]
    await post('logout').send({ refresh_token: one.refresh_token }).expect(204)
    await profile(other).expect(200)
  })
})

describe('POST /auth/login', () => {
  it('ends the session with the oldest last use when there are more than twenty', async () => {
    const account = await createAccount()
    const sessions: Tokens[] = []
    for (let count = 0; count < 20; count += 1) {
      sessions.push(await logIn(account))
      auth.clock.advance(1_000)
    }
    const [first, second] = sessions as [Tokens, Tokens]
    await exchange(first)
    auth.clock.advance(1_000)
    await logIn(account)
    await profile(first).expect(200)
    await profile(second).expect(401)
  })
})

function sessionOf({ access_token: token }: Tokens): string {
  const [, claims = ''] = token.split('.')
  return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sid: string }).sid
}
