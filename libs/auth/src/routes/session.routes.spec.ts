import request from 'supertest'
import { createUser, signIn, startAuth, type TestAuth } from '../testing/index.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth()
})
afterAll(() => auth.stop())

const ask = (method: 'get' | 'delete', path: string, headers: Record<string, string>) =>
  request(auth.url)[method](`/api/v1/auth/sessions${path}`).set(headers)

async function account() {
  const { user, password } = await createUser(auth.store)
  return { email: user.email, password }
}

interface Listed {
  id: string
  current: boolean
}

const list = async (headers: Record<string, string>, query = '') =>
  (await ask('get', query, headers).expect(200)).body as {
    data: Listed[]
    meta: { pagination: object }
  }

async function signInAgain(credentials: { email: string; password: string }) {
  auth.clock.advance(1_000)
  return signIn(auth.url, credentials)
}

describe('GET /auth/sessions', () => {
  it('lists the own live sessions, newest use first, and tells the current one', async () => {
    const credentials = await account()
    const first = await signInAgain(credentials)
    await signInAgain(credentials)
    await signInAgain(await account())
    const { data, meta } = await list(first)
    expect(data).toEqual([
      expect.objectContaining({ current: false }),
      {
        id: expect.any(String),
        device: expect.stringContaining('node'),
        createdAt: expect.stringMatching(/\.\d{3}Z$/),
        lastUsedAt: expect.stringMatching(/\.\d{3}Z$/),
        current: true,
      },
    ])
    expect(meta.pagination).toEqual({ total: 2, page: 1, per_page: 20 })
  })

  it('puts first what was refreshed last, and leaves out what ended or expired', async () => {
    const credentials = await account()
    const logIn = async () => {
      auth.clock.advance(1_000)
      const answer = await request(auth.url)
        .post('/api/v1/auth/login')
        .send(credentials)
        .expect(200)
      return answer.body as { access_token: string; refresh_token: string }
    }
    const post = (path: string, { refresh_token }: { refresh_token: string }) =>
      request(auth.url).post(`/api/v1/auth/${path}`).send({ refresh_token })
    const expired = await logIn()
    auth.clock.advance(7 * 86_400_000)
    const [first, ended, last] = [await logIn(), await logIn(), await logIn()]
    await post('refresh-token', expired).expect(401)
    await post('logout', ended).expect(204)
    const headers = { authorization: `Bearer ${first.access_token}` }
    expect((await list(headers)).data.map(({ current }) => current)).toEqual([false, true])
    auth.clock.advance(1_000)
    await post('refresh-token', first).expect(200)
    const { data } = await list({ authorization: `Bearer ${last.access_token}` })
    expect(data.map(({ current }) => current)).toEqual([false, true])
  })

  it('pages, also by cursor', async () => {
    const credentials = await account()
    const headers = await signInAgain(credentials)
    await signInAgain(credentials)
    const ids = (await list(headers)).data.map(({ id }) => id)
    const first = await list(headers, '?per_page=1&cursor=')
    const { next_cursor: cursor } = first.meta.pagination as { next_cursor: string }
    const second = await list(headers, `?per_page=1&cursor=${cursor}`)
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids)
  })
})

describe('DELETE /auth/sessions', () => {
  it('ends one session at once, and only an own one', async () => {
    const credentials = await account()
    const [here, there] = [await signInAgain(credentials), await signInAgain(credentials)]
    const { data } = await list(here)
    const other = data.find(({ current }) => !current)!
    const stranger = await signInAgain(await account())
    await ask('delete', `/${other.id}`, stranger).expect(404)
    await ask('delete', `/${other.id}`, here).expect(204)
    await ask('get', '', there).expect(401)
    await ask('delete', `/${other.id}`, here).expect(404)
    await ask('delete', '/0198c0de-0000-7000-8000-000000000000', here).expect(404)
    await ask('delete', '/1', here).expect(422)
  })

  it('ends the current one, as a log-out does', async () => {
    const credentials = await account()
    const here = await signInAgain(credentials)
    const there = await signInAgain(credentials)
    const own = (await list(here)).data.find(({ current }) => current)!
    await ask('delete', `/${own.id}`, here).expect(204)
    await ask('get', '', here).expect(401)
    expect((await list(there)).data).toMatchObject([{ current: true }])
  })

  it('ends all but the current one', async () => {
    const credentials = await account()
    const [one, here, two] = [
      await signInAgain(credentials),
      await signInAgain(credentials),
      await signInAgain(credentials),
    ]
    await ask('delete', '', here).expect(204)
    await ask('get', '', one).expect(401)
    await ask('get', '', two).expect(401)
    expect((await list(here)).data).toMatchObject([{ current: true }])
  })
})
