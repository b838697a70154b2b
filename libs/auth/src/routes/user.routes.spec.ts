import request from 'supertest'
import { createUser, signIn, startAuth, type TestAuth } from '../testing/index.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth()
})
afterAll(() => auth.stop())

async function signedIn(role: 'user' | 'admin' = 'user') {
  const { user, password } = await createUser(auth.store, { role })
  return { user, password, headers: await signIn(auth.url, { email: user.email, password }) }
}

type Method = 'get' | 'patch' | 'delete' | 'post'
const ask = (method: Method, path: string, headers: Record<string, string>) =>
  request(auth.url)[method](`/api/v1/users/${path}`).set(headers)

const eventsOf = (name: string, userId: number) =>
  auth.core.database.client.outboxEvent.count({
    where: { name, payload: { equals: { userId } } },
  })

describe('GET /users/:id', () => {
  it('shows a full user to oneself and to admins, and a public one to others', async () => {
    const { user, headers } = await signedIn()
    const other = await signedIn()
    const admin = await signedIn('admin')
    const publicUser = {
      id: user.id,
      username: user.username,
      status: 'active',
      createdAt: user.createdAt.toISOString(),
    }
    const seenBy = async (headers: Record<string, string>) =>
      (await ask('get', String(user.id), headers).expect(200)).body.data as object
    expect(await seenBy(other.headers)).toEqual(publicUser)
    const full = { ...publicUser, email: user.email, emailVerified: false, role: 'user' }
    expect(await seenBy(headers)).toMatchObject(full)
    expect(await seenBy(admin.headers)).toMatchObject(full)
  })

  it.each([
    ['999999', 404],
    ['2147483648', 404],
    ['0', 422],
    ['-1', 422],
    ['+1', 422],
    ['me', 422],
    ['1%00', 422],
  ])('answers %s with %i', async (id, status) => {
    const { headers } = await signedIn()
    await ask('get', id, headers).expect(status)
  })
})

describe('PATCH /users/:id', () => {
  it('lets an admin change status and role, and nobody else', async () => {
    const admin = await signedIn('admin')
    const { user, headers } = await signedIn()
    const answer = await ask('patch', String(user.id), admin.headers)
      .send({ role: 'admin' })
      .expect(200)
    expect(answer.body.data).toMatchObject({ id: user.id, role: 'admin', email: user.email })
    await ask('patch', String(user.id), admin.headers).send({ role: 'user' }).expect(200)
    await ask('patch', String(user.id), headers).send({ role: 'admin' }).expect(403)
  })

  it('refuses before it looks at the body, and then everything but status and role', async () => {
    const { user, headers } = await signedIn()
    const admin = await signedIn('admin')
    await ask('patch', String(user.id), headers).send({ email: 1 }).expect(403)
    for (const body of [
      { email: 'a@example.com' },
      { password: 'x' },
      { id: 1 },
      { status: 'deleted' },
      { role: null },
    ])
      await ask('patch', String(user.id), admin.headers).send(body).expect(422)
    await ask('patch', '999999', admin.headers).send({ status: 'active' }).expect(404)
  })

  it('ends every session of a user who is made inactive, and counts a role at once', async () => {
    const admin = await signedIn('admin')
    const { user, headers } = await signedIn()
    await ask('patch', String(user.id), admin.headers).send({ role: 'admin' }).expect(200)
    await ask('patch', String(admin.user.id), headers).send({ role: 'user' }).expect(200)
    await ask('patch', String(user.id), admin.headers).send({}).expect(403)
    await ask('patch', String(admin.user.id), headers).send({ status: 'inactive' }).expect(200)
    await ask('get', String(user.id), admin.headers).expect(401)
  })
})

describe('DELETE /users/:id and POST /users/:id/restore', () => {
  it('take a user away and bring one back, with an event', async () => {
    const admin = await signedIn('admin')
    const { user, headers } = await signedIn()
    await ask('delete', String(user.id), headers).expect(403)
    await ask('delete', String(user.id), admin.headers).expect(204)
    expect(await eventsOf('auth.user-deleted', user.id)).toBe(1)
    await ask('get', String(user.id), headers).expect(401)
    await ask('get', String(user.id), admin.headers).expect(404)
    await ask('delete', String(user.id), admin.headers).expect(404)
    const answer = await ask('post', `${user.id}/restore`, admin.headers).expect(200)
    expect(answer.body.data).toMatchObject({ id: user.id, email: user.email })
    await ask('get', String(user.id), admin.headers).expect(200)
    await ask('get', String(user.id), headers).expect(401)
  })

  it('refuse to restore who was not deleted, was never there, or lost a value meanwhile', async () => {
    const admin = await signedIn('admin')
    const { user } = await signedIn()
    const restore = (id: number) => ask('post', `${id}/restore`, admin.headers)
    expect((await restore(user.id).expect(409)).body.code).toBe('auth.user_not_deleted')
    await restore(999_999).expect(404)
    await ask('delete', String(user.id), admin.headers).expect(204)
    await createUser(auth.store, { email: user.email })
    expect((await restore(user.id).expect(409)).body.code).toBe('auth.email_taken')
    const { user: other } = await signedIn()
    await ask('delete', String(other.id), admin.headers).expect(204)
    await createUser(auth.store, { username: other.username.toUpperCase() })
    expect((await restore(other.id).expect(409)).body.code).toBe('auth.username_taken')
  })
})

it('a restore is made once of any number at once', async () => {
  const admin = await signedIn('admin')
  const { user } = await signedIn()
  await ask('delete', String(user.id), admin.headers).expect(204)
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => ask('post', `${user.id}/restore`, admin.headers)),
  )
  const results = answers.map(({ status, body }) => (body as { code?: string }).code ?? status)
  expect(results.filter((result) => result === 200)).toHaveLength(1)
  expect(results.filter((result) => result === 'auth.user_not_deleted')).toHaveLength(19)
})

it('a restored user gets nothing back that was mailed before the deletion', async () => {
  const admin = await signedIn('admin')
  const { user } = await signedIn()
  const { id: userId, email } = user
  const token = await auth.issue('reset_password', { userId, email, ttlMs: 60_000 })
  await ask('delete', String(user.id), admin.headers).expect(204)
  await ask('post', `${user.id}/restore`, admin.headers).expect(200)
  const answer = await request(auth.url)
    .post('/api/v1/auth/reset-password')
    .send({ token, password: 'cut by hand again' })
    .expect(400)
  expect(answer.body.code).toBe('auth.invalid_token')
})

it('changes of many users at once do not get in each other’s way', async () => {
  const admin = await signedIn('admin')
  const users = await Promise.all(Array.from({ length: 20 }, () => createUser(auth.store)))
  const answers = await Promise.all(
    users.flatMap(({ user }) =>
      ['inactive', 'active'].map((status) =>
        ask('patch', String(user.id), admin.headers).send({ status }),
      ),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(200))
})

it('a change to what is already so is none', async () => {
  const admin = await signedIn('admin')
  const { user } = await createUser(auth.store)
  const answer = await ask('patch', String(user.id), admin.headers)
    .send({ status: 'active', role: 'user' })
    .expect(200)
  expect(answer.body.data.updatedAt).toBe(user.updatedAt.toISOString())
})

describe('the last active admin', () => {
  /** Leaves these two admins alone. */
  async function twoAdmins() {
    await auth.core.database.client.user.updateMany({
      where: { role: 'admin' },
      data: { role: 'user' },
    })
    return [await signedIn('admin'), await signedIn('admin')] as const
  }

  it('can be neither demoted, nor made inactive, nor deleted', async () => {
    const [admin, other] = await twoAdmins()
    await ask('delete', String(other.user.id), admin.headers).expect(204)
    const own = String(admin.user.id)
    const answers = [
      await ask('patch', own, admin.headers).send({ role: 'user' }),
      await ask('patch', own, admin.headers).send({ status: 'inactive' }),
      await ask('delete', own, admin.headers),
      await request(auth.url).delete('/api/v1/profile').set(admin.headers),
    ]
    for (const { status, body } of answers)
      expect([status, body.code]).toEqual([409, 'auth.last_admin'])
    await ask('patch', own, admin.headers).send({ status: 'active', role: 'admin' }).expect(200)
  })

  it('is left when two demote each other at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [a, b] = await twoAdmins()
      const answers = await Promise.all([
        ask('patch', String(b.user.id), a.headers).send({ role: 'user' }),
        ask('patch', String(a.user.id), b.headers).send({ role: 'user' }),
      ])
      const statuses = answers.map(({ status }) => status)
      expect(statuses.filter((status) => status === 200)).toHaveLength(1)
      expect(await auth.store.users.countActiveAdmins()).toBe(1)
    }
  })
})
