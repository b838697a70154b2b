import { createTestCore, type TestCore } from '../../testing/index.ts'
import { Prisma } from './generated/client.ts'

let test: TestCore

beforeAll(async () => {
  test = await createTestCore()
  await test.core.database.client.user.createMany({
    data: ['ada', 'ben', 'cyd', 'dan', 'eve'].map((username) => ({
      username,
      email: `${username}@example.com`,
      passwordHash: 'none',
      role: username === 'eve' ? ('admin' as const) : ('user' as const),
    })),
  })
})
afterAll(() => test.stop())

const findPage = (page: number, perPage: number, where = {}) =>
  test.core.database.client.user.findPage({
    where,
    select: { username: true },
    list: { orderBy: [{ id: 'asc' }], perPage, paging: { page, total: true } },
  })

describe('a page', () => {
  it('holds its rows, in their selected shape, and the total of all pages', async () => {
    expect(await findPage(2, 2)).toEqual({
      data: [{ username: 'cyd' }, { username: 'dan' }],
      pagination: { total: 5, page: 2, per_page: 2 },
      hasNext: true,
    })
  })

  it('may be partly filled, and is empty past the end', async () => {
    expect((await findPage(3, 2)).data).toEqual([{ username: 'eve' }])
    expect(await findPage(9, 2)).toEqual({
      data: [],
      pagination: { total: 5, page: 9, per_page: 2 },
      hasNext: false,
    })
  })

  it('counts what its filter lets through', async () => {
    expect(await findPage(1, 10, { role: 'admin' })).toEqual({
      data: [{ username: 'eve' }],
      pagination: { total: 1, page: 1, per_page: 10 },
      hasNext: false,
    })
  })

  it('is not taken for the page of another question, whatever both have in common', async () => {
    const { outboxEvent } = test.core.database.client
    await outboxEvent.create({
      data: { name: 'quarry.opened', payload: {}, traceContext: Prisma.JsonNull },
    })
    const list = { orderBy: [{ id: 'asc' }], perPage: 5, paging: { page: 1, total: true } }
    const pages = await Promise.all(
      [Prisma.JsonNull, Prisma.DbNull].flatMap((none) =>
        [1, 2, 3].map(() =>
          outboxEvent.findPage({ where: { traceContext: { equals: none } }, list }),
        ),
      ),
    )
    expect(pages.map(({ data }) => data.length)).toEqual([1, 1, 1, 0, 0, 0])
    expect(pages.map(({ pagination }) => 'total' in pagination && pagination.total)).toEqual([
      1, 1, 1, 0, 0, 0,
    ])
  })
})
