import { createTestCore, type TestCore } from '../../testing/index.ts'
import { onlyDeleted, withDeleted, type Db, type Row } from './index.ts'

let test: TestCore
let db: Db

beforeAll(async () => {
  test = await createTestCore()
  db = test.core.database.client
})
afterAll(() => test.stop())
beforeEach(() => test.core.database.pool.query('TRUNCATE "user" CASCADE'))

const mason = (username: string) => ({
  username,
  email: `${username}@example.com`,
  passwordHash: 'none',
})

type Tables = Pick<Db, 'user' | 'session'>

/** The rule must hold on the client and in a transaction, which is another client. */
const places: [string, <T>(work: (tables: Tables) => Promise<T>) => Promise<T>][] = [
  ['outside a transaction', (work) => work(db)],
  ['inside a transaction', (work) => db.$transaction((tables) => work(tables))],
]

async function createTwo(): Promise<[deleted: Row<'user'>, live: Row<'user'>]> {
  const deleted = await db.user.create({ data: mason('ada') })
  const live = await db.user.create({ data: mason('ben') })
  await db.user.delete({ where: { id: deleted.id } })
  return [deleted, live]
}

describe.each(places)('a deleted row, %s,', (_place, within) => {
  it('stays in the table, with the time of its deletion', async () => {
    const { id } = await db.user.create({ data: mason('ada') })
    const answer = await within(({ user }) => user.delete({ where: { id } }))
    expect(answer).toMatchObject({ id, username: 'ada', deletedAt: expect.any(Date) })
    const { rows } = await test.core.database.pool.query('SELECT deleted_at FROM "user"')
    expect(rows).toEqual([{ deleted_at: answer.deletedAt }])
  })

  it('is found by no read', async () => {
    const [{ id, email }, live] = await createTwo()
    await within(async ({ user }) => {
      expect(await user.findUnique({ where: { id } })).toBeNull()
      expect(await user.findFirst({ where: { email } })).toBeNull()
      expect(await user.findMany()).toEqual([live])
      expect(await user.findMany({ where: { OR: [{ id }, { id: live.id }] } })).toEqual([live])
      expect(await user.count()).toBe(1)
      expect(await user.aggregate({ _count: true, _max: { id: true } })).toEqual({
        _count: 1,
        _max: { id: live.id },
      })
      expect(await user.groupBy({ by: 'role', _count: true })).toEqual([
        { role: 'user', _count: 1 },
      ])
      expect(
        await user.findPage({
          list: { orderBy: [{ id: 'asc' }], perPage: 5, paging: { page: 1, total: true } },
        }),
      ).toMatchObject({
        pagination: { total: 1 },
      })
    })
  })

  it.each(['findUniqueOrThrow', 'findFirstOrThrow'] as const)(
    'is not found by %s, which says so',
    async (operation) => {
      const [{ id }] = await createTwo()
      const where = { where: { id } }
      await expect(
        within<unknown>(({ user }) =>
          operation === 'findUniqueOrThrow'
            ? user.findUniqueOrThrow(where)
            : user.findFirstOrThrow(where),
        ),
      ).rejects.toMatchObject({ code: 'request.not_found' })
    },
  )

  it('is changed by no update, and deleted once', async () => {
    const [{ id }, live] = await createTwo()
    const data = { status: 'inactive' } as const
    await within(async ({ user }) => {
      expect(await user.updateMany({ data })).toEqual({ count: 1 })
      expect(await user.updateManyAndReturn({ data })).toMatchObject([{ id: live.id }])
    })
    const notFound = { code: 'request.not_found' }
    await expect(within(({ user }) => user.update({ where: { id }, data }))).rejects.toMatchObject(
      notFound,
    )
    await expect(within(({ user }) => user.delete({ where: { id } }))).rejects.toMatchObject(
      notFound,
    )
  })

  it('is no row to put another value into', async () => {
    const [{ id }] = await createTwo()
    const answer = await within(({ user }) =>
      user.upsert({ where: { id }, create: mason('ada'), update: { status: 'inactive' } }),
    )
    expect(answer).toMatchObject({ username: 'ada', status: 'active' })
    expect(answer.id).not.toBe(id)
  })

  it('is found where the query asks for it', async () => {
    const [deleted, live] = await createTwo()
    await within(async ({ user }) => {
      expect(await user.count({ where: withDeleted })).toBe(2)
      expect(await user.findMany({ where: onlyDeleted })).toMatchObject([{ id: deleted.id }])
      expect(await user.findUnique({ where: { id: deleted.id, ...withDeleted } })).toMatchObject({
        username: 'ada',
      })
      expect(await user.findUnique({ where: { id: live.id, ...onlyDeleted } })).toBeNull()
    })
  })

  it('comes back once', async () => {
    const [{ id }] = await createTwo()
    expect(await within(({ user }) => user.restore({ where: { id } }))).toMatchObject({
      id,
      deletedAt: null,
    })
    expect(await db.user.count()).toBe(2)
    await expect(within(({ user }) => user.restore({ where: { id } }))).rejects.toMatchObject({
      code: 'request.not_found',
      kind: 'not_found',
    })
  })

  it('comes back changed, where that is asked for', async () => {
    const [{ id }] = await createTwo()
    const data = { username: 'ada-2' }
    expect(await within(({ user }) => user.restore({ where: { id }, data }))).toMatchObject({
      id,
      username: 'ada-2',
      deletedAt: null,
    })
  })

  it('frees its unique values, and does not come back while another row has them', async () => {
    const [{ id }] = await createTwo()
    await within(({ user }) => user.create({ data: mason('ada') }))
    await expect(within(({ user }) => user.restore({ where: { id } }))).rejects.toMatchObject({
      code: 'request.value_taken',
      kind: 'conflict',
    })
  })

  it('may be one of many', async () => {
    for (const name of ['ada', 'ben', 'cyd']) await db.user.create({ data: mason(name) })
    const count = await within(async ({ user }) => {
      await user.deleteMany({ where: { username: 'ada' } })
      await user.deleteMany({ limit: 1 })
      return user.count()
    })
    expect(count).toBe(1)
    expect(await within(({ user }) => user.deleteMany())).toEqual({ count: 1 })
    expect(await db.user.count({ where: withDeleted })).toBe(3)
  })

  it('leaves the table at once where the model declares no soft delete', async () => {
    const { id: userId } = await db.user.create({ data: mason('ada') })
    const data = { userId, refreshTokenHash: Buffer.alloc(32), expiresAt: new Date() }
    const { id } = await db.session.create({ data })
    await within(({ session }) => session.delete({ where: { id } }))
    expect((await test.core.database.pool.query('SELECT FROM session')).rowCount).toBe(0)
  })
})

it('deletes several rows in one list of statements', async () => {
  const users = await Promise.all(
    ['ada', 'ben'].map((name) => db.user.create({ data: mason(name) })),
  )
  await db.$transaction(users.map(({ id }) => db.user.delete({ where: { id } })))
  expect(await db.user.count()).toBe(0)
  expect(await db.user.count({ where: onlyDeleted })).toBe(2)
})
