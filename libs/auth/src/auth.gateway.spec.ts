import { createUser, startAuth, type TestAuth } from './testing/index.ts'

let auth: TestAuth

beforeAll(async () => {
  auth = await startAuth()
})
afterAll(() => auth.stop())

const dto = ({ id, username, email }: { id: number; username: string; email: string }) => ({
  id,
  username,
  email,
  status: 'active',
  role: 'user',
  credentialsVersion: 1,
})

describe('the gateway of auth', () => {
  it('gives a user without secrets, and says when there is none', async () => {
    const { gateway } = auth.module
    const { user } = await createUser(auth.store)
    expect(await gateway.getUser(user.id)).toEqual(dto(user))
    await auth.store.users.removeIf({ id: user.id })
    await expect(gateway.getUser(user.id)).rejects.toMatchObject({ code: 'auth.user_not_found' })
    expect(await gateway.findUser(user.id)).toBeNull()
  })

  it('gives many at once, those that exist, and pages of all', async () => {
    const { gateway } = auth.module
    const [one, two] = [(await createUser(auth.store)).user, (await createUser(auth.store)).user]
    const users = await gateway.getUsers([two.id, 999_999, one.id])
    expect(users.toSorted((a, b) => a.id - b.id)).toEqual([dto(one), dto(two)])
    expect(await gateway.getUsers([])).toEqual([])
    const page = await gateway.listUsers({
      where: { id: { in: [one.id, two.id] } },
      orderBy: [{ id: 'desc' }],
      perPage: 1,
      paging: { page: 1, total: true },
    })
    expect(page).toEqual({
      data: [dto(two)],
      pagination: { total: 2, page: 1, per_page: 1 },
      hasNext: true,
    })
  })
})
