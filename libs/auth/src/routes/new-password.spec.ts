import request, { type Response } from 'supertest'
import {
  buildRegistration,
  createUser,
  signIn,
  startAuth,
  type TestAuth,
} from '../testing/index.ts'
import { createPasswordHasher } from '../services/password-hasher.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth()
})
afterAll(() => auth.stop())

const post = (path: string, body: object) =>
  request(auth.url).post(`/api/v1/auth/${path}`).send(body)

/** A new password where one can be chosen. */
const places: Record<string, (password: unknown) => Promise<Response>> = {
  'at registration': (password) => post('register', { ...buildRegistration(), password }),
  'with the token of a mail': async (password) => {
    const { user } = await createUser(auth.store)
    const ttlMs = 60_000
    const token = await auth.issue('reset_password', { userId: user.id, email: user.email, ttlMs })
    return post('reset-password', { token, password })
  },
  'in the profile': async (password) => {
    const { user, password: currentPassword } = await createUser(auth.store)
    const headers = await signIn(auth.url, { email: user.email, password: currentPassword })
    return request(auth.url)
      .patch('/api/v1/profile')
      .set(headers)
      .send({ password, currentPassword })
  },
}

describe.each(Object.entries(places))('a new password %s', (_place, choose) => {
  it.each([
    ['that is common', 'password1', 'common_password'],
    ['that is common in another case', 'PassWord1', 'common_password'],
    ['that is common in another form of its letters', 'ｐａｓｓｗｏｒｄ1', 'common_password'],
    ['that repeats one character', '00000000', 'common_password'],
    ['that repeats a few', 'abcabcabc', 'common_password'],
    ['that is a row of digits', '987654321', 'common_password'],
    ['that is a date', '19871987', 'common_password'],
    ['that is common in disguise', 'P@ssword1', 'common_password'],
    ['of 7 characters', 'Aq4-zR9', 'invalid_value'],
    ['of 129 characters', 'é'.repeat(129), 'invalid_value'],
    ['with U+0000', 'Aq4-\0zR9k', 'invalid_text'],
    ['with half of a surrogate pair', 'Aq4-\ud800zR9k', 'invalid_text'],
    ['that is no text', 12_345_678, 'invalid_type'],
  ])('is refused %s, at its pointer and without being repeated', async (_name, value, code) => {
    const answer = await choose(value)
    expect(answer.status).toBe(422)
    expect(answer.body.errors).toMatchObject([{ pointer: '/body/password', code }])
    expect(answer.text).not.toContain(String(value))
  })

  it.each([
    ['8 characters of two code units', '😀'.repeat(8)],
    ['128 characters of four bytes', '😀'.repeat(128)],
    ['128 characters that NFKC makes of 256', 'e\u0301'.repeat(128)],
    ['blanks around it', '  granite  '],
  ])('may have %s', async (_name, value) => {
    expect((await choose(value)).status).toBeLessThan(300)
  })
})

describe('a password', () => {
  it('that became common still opens its account', async () => {
    const { user } = await createUser(auth.store, { password: 'password1' })
    await post('login', { email: user.email, password: 'password1' }).expect(200)
  })

  it('is neither trimmed nor compared without regard to case', async () => {
    const { user, password } = await createUser(auth.store, { password: ' Granite 4 ' })
    await post('login', { email: user.email, password }).expect(200)
    for (const other of ['Granite 4', ' granite 4 '])
      await post('login', { email: user.email, password: other }).expect(401)
  })
})

describe('a password hash with other parameters', () => {
  const weak = { memoryKib: 128, passes: 1, lanes: 1, atOnce: 2, queue: 100 }

  async function createWeakUser() {
    const { user, password } = await createUser(auth.store)
    const passwordHash = await createPasswordHasher(weak).hash(password)
    await auth.core.database.client.user.update({ where: { id: user.id }, data: { passwordHash } })
    const before = await auth.core.database.client.user.findUniqueOrThrow({
      where: { id: user.id },
    })
    return { before, credentials: { email: user.email, password } }
  }
  const reload = (id: number) => auth.core.database.client.user.findUniqueOrThrow({ where: { id } })

  it('is renewed by a log-in, and nothing else of the account changes', async () => {
    const { before, credentials } = await createWeakUser()
    await post('login', credentials).expect(200)
    const after = await reload(before.id)
    expect(after.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(after).toEqual({
      ...before,
      passwordHash: after.passwordHash,
      lastLoginAt: expect.any(Date),
    })
    await post('login', credentials).expect(200)
    expect((await reload(before.id)).passwordHash).toBe(after.passwordHash)
  })

  it('stays after a wrong password', async () => {
    const { before, credentials } = await createWeakUser()
    await post('login', { ...credentials, password: 'wrong password' }).expect(401)
    expect((await reload(before.id)).passwordHash).toBe(before.passwordHash)
  })

  it('is renewed by one of several log-ins at once, and all of them succeed', async () => {
    const { credentials } = await createWeakUser()
    const answers = await Promise.all([1, 2, 3, 4].map(() => post('login', credentials)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })

  it('does not come back over a password that was changed meanwhile', async () => {
    const { before } = await createWeakUser()
    await auth.store.users.update(before.id, { passwordHash: 'changed meanwhile' })
    expect(await auth.store.users.renewHash(before, 'renewed')).toBe(false)
    expect((await reload(before.id)).passwordHash).toBe('changed meanwhile')
  })
})
