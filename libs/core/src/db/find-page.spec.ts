import { AsyncLocalStorage } from 'node:async_hooks'
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

/** Everybody's list, by the same arguments. */
const everybody = {
  select: { username: true },
  list: { orderBy: [{ id: 'asc' }], perPage: 10, paging: { page: 1, total: true } },
} as const

const namesIn = ({ data }: { data: { username: string }[] }) =>
  data.map(({ username }) => username).join(' ')

describe('pages that are read at the same time', () => {
  it('are one statement for all callers of the same client, and one more for those that came meanwhile', async () => {
    const { database } = test.core
    const statements = jest.spyOn(database.pool, 'query')
    const pages = await Promise.all(Array.from({ length: 20 }, () => findPage(1, 10)))
    expect(new Set(pages.map(namesIn))).toEqual(new Set(['ada ben cyd dan eve']))
    expect(statements.mock.calls.length).toBeLessThanOrEqual(4)
    statements.mockRestore()
  })

  it('are read for each client that was extended for other rows', async () => {
    const { client } = test.core.database
    const clients = ['ada', 'ben', 'cyd'].map((owner) =>
      client.$extends({
        query: {
          user: {
            findMany: ({ args, query }) =>
              query({ ...args, where: { AND: [args.where ?? {}, { username: owner }] } }),
            count: ({ args, query }) =>
              query({ ...args, where: { AND: [args.where ?? {}, { username: owner }] } }),
          },
        },
      }),
    )
    const pages = await Promise.all(
      [client, ...clients, client, ...clients].map((each) => each.user.findPage(everybody)),
    )
    expect(pages.map(namesIn)).toEqual([
      ...['ada ben cyd dan eve', 'ada', 'ben', 'cyd'],
      ...['ada ben cyd dan eve', 'ada', 'ben', 'cyd'],
    ])
    const totals = pages.map(({ pagination }) => 'total' in pagination && pagination.total)
    expect(totals).toEqual([5, 1, 1, 1, 5, 1, 1, 1])
  })

  it('are read for each call of a client whose extension depends on the request', async () => {
    const request = new AsyncLocalStorage<string>()
    const ofRequest = test.core.database.client.$extends({
      query: {
        user: {
          findMany: ({ args, query }) =>
            query({ ...args, where: { username: request.getStore() ?? '' } }),
        },
      },
    })
    const pages = await Promise.all(
      ['ada', 'ben', 'ada', 'cyd'].map((owner) =>
        request.run(owner, () => ofRequest.user.findPage(everybody)),
      ),
    )
    expect(pages.map(namesIn)).toEqual(['ada', 'ben', 'ada', 'cyd'])
  })

  it('are read for each transaction, which may see other rows by its settings', async () => {
    const { client, pool } = test.core.database
    const role = `reader_${process.pid}`
    await pool.query(`
      CREATE ROLE ${role}; GRANT SELECT ON "user" TO ${role};
      ALTER TABLE "user" ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own_row ON "user" USING (username = current_setting('app.owner', true))`)
    const pageOf = (owner: string) =>
      client.$transaction(async (tx) => {
        await tx.$executeRawUnsafe(`SET LOCAL ROLE ${role}`)
        await tx.$executeRaw`SELECT set_config('app.owner', ${owner}, true)`
        return tx.user.findPage(everybody)
      })
    const pages = await Promise.all([
      pageOf('ada'),
      client.user.findPage(everybody),
      pageOf('ben'),
      pageOf('cyd'),
    ])
    expect(pages.map(namesIn)).toEqual(['ada', 'ada ben cyd dan eve', 'ben', 'cyd'])
    await pool.query(`
      DROP POLICY own_row ON "user"; ALTER TABLE "user" DISABLE ROW LEVEL SECURITY;
      DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })
})
