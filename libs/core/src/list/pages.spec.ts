import fc from 'fast-check'
import { createTestCore, sortsWithoutIndex, type TestCore } from '../../testing/index.ts'
import { withDeleted, type Page } from '../db/index.ts'
import { defineList, integer, oneOf, text, time, type ListDefinition } from './index.ts'

let test: TestCore

beforeAll(async () => {
  test = await createTestCore()
})
afterAll(() => test.stop())
beforeEach(() => test.core.database.pool.query('TRUNCATE "user" CASCADE'))

const userList = defineList({
  fields: {
    id: integer(),
    username: text({ ignoreCase: true, maxLength: 50 }),
    email: text(),
    status: oneOf(['active', 'inactive']),
    createdAt: time(),
    emailVerifiedAt: time({ nullable: true }),
  },
  sort: ['id', 'username', 'status', 'createdAt', 'emailVerifiedAt'],
  filter: ['id', 'username', 'email', 'status', 'createdAt', 'emailVerifiedAt'],
})

interface Statement {
  text: string
  values: unknown[]
}

interface NewUser {
  username: string
  status?: 'active' | 'inactive'
  createdAt?: Date
  emailVerifiedAt?: Date | null
}

async function create(...users: NewUser[]): Promise<void> {
  await test.core.database.client.user.createMany({
    data: users.map((user, index) => ({
      email: `${index}-${Math.random()}@example.com`,
      passwordHash: 'none',
      ...user,
    })),
  })
}

function request(query: Record<string, string>) {
  const result = userList.read(userList.query.parse(query))
  if ('faults' in result) throw new Error(JSON.stringify(result.faults))
  return result.list
}

const findPage = (query: Record<string, string>, where = {}) =>
  test.core.database.client.user.findPage({ where, list: request(query) })

async function namesOf(query: Record<string, string>): Promise<string[]> {
  return (await findPage(query)).data.map(({ username }) => username)
}

/** Follows the cursor to the end. */
async function walk(query: Record<string, string>, between = async () => {}): Promise<number[]> {
  const ids: number[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: Page<{ id: number }> = await findPage({ ...query, cursor })
    ids.push(...page.data.map(({ id }) => id))
    cursor = 'next_cursor' in page.pagination ? page.pagination.next_cursor : null
    await between()
  }
  return ids
}

describe('filters on the database', () => {
  beforeEach(() =>
    create(
      { username: 'Ada', emailVerifiedAt: new Date('2026-01-01T00:00:00Z') },
      { username: 'a_a', status: 'inactive' },
      { username: 'a%a' },
      { username: "O'Neil; DROP TABLE" },
      { username: 'back\\slash' },
    ),
  )

  it.each([
    ['username:ADA', ['Ada']],
    ['username:[ada,"A%A"]', ['Ada', 'a%a']],
    ['username:ne:ada,username:like:a', ['a_a', 'a%a', "O'Neil; DROP TABLE", 'back\\slash']],
    ['username:a_a', ['a_a']],
    ['username:like:_', ['a_a']],
    ['username:like:%', ['a%a']],
    ['username:like:"\\\\"', ['back\\slash']],
    [`username:"O'Neil; DROP TABLE"`, ["O'Neil; DROP TABLE"]],
    ['username:$1', []],
    ['username:[]', []],
    ['id:[]', []],
    ['status:inactive', ['a_a']],
    ['status:ne:active', ['a_a']],
    ['emailVerifiedAt:null:false', ['Ada']],
    ['emailVerifiedAt:2026-01-01', ['Ada']],
    ['emailVerifiedAt:ne:2026-01-01', ['a_a', 'a%a', "O'Neil; DROP TABLE", 'back\\slash']],
    ['emailVerifiedAt:gt:2025-12-31,username:like:d', ['Ada']],
    ['createdAt:lt:2000-01-01', []],
    ['id:gt:-2147483648,username:like:ada', ['Ada']],
  ])('%s', async (filters, names) => {
    expect(await namesOf({ filters })).toEqual(names)
  })

  it('hold over and above the conditions of the caller', async () => {
    const page = await findPage({ filters: 'username:like:a' }, { status: 'inactive' })
    expect(page.data.map(({ username }) => username)).toEqual(['a_a'])
  })

  it('do not lead to a deleted row', async () => {
    await test.core.database.client.user.deleteMany({ where: { username: 'Ada' } })
    expect(await namesOf({ filters: 'username:ada' })).toEqual([])
  })
})

describe('pages by number', () => {
  it('tell the total and whether more follow, or leave out the total', async () => {
    await create(...['a', 'b', 'c', 'd', 'e'].map((username) => ({ username })))
    const page = await findPage({ page: '2', per_page: '2' })
    expect(page).toMatchObject({
      data: [{ username: 'c' }, { username: 'd' }],
      pagination: { total: 5, page: 2, per_page: 2 },
      hasNext: true,
    })
    const uncounted = await findPage({ page: '2', per_page: '2', total: 'false' })
    expect(uncounted).toMatchObject({ pagination: { page: 2, per_page: 2 }, hasNext: true })
    expect(uncounted.pagination).not.toHaveProperty('total')
    expect(uncounted.data).toHaveLength(2)
    expect(await findPage({ page: '3', per_page: '2', total: 'false' })).toMatchObject({
      data: [{ username: 'e' }],
      hasNext: false,
    })
  })

  it('share rows and count of equal questions, which begin after each of them asked', async () => {
    await create({ username: 'a' })
    const statements = jest.spyOn(test.core.database.pool, 'query')
    const first = findPage({})
    await create({ username: 'b' })
    const pages = await Promise.all(Array.from({ length: 9 }, () => findPage({})))
    await first
    const sent = statements.mock.calls.map(([query]) => JSON.stringify(query))
    statements.mockRestore()
    for (const { data, pagination } of pages) {
      expect(data.map(({ username }) => username)).toEqual(['a', 'b'])
      expect(pagination).toMatchObject({ total: 2 })
    }
    expect(sent.filter((query) => /COUNT\(/.test(query)).length).toBeLessThan(10)
    expect(sent.filter((query) => / LIMIT /.test(query)).length).toBeLessThan(10)
  })

  it('have rows of their own also where they share a question', async () => {
    await create({ username: 'a', emailVerifiedAt: new Date('2026-01-01T00:00:00.000Z') })
    const pages = await Promise.all(Array.from({ length: 9 }, () => findPage({})))
    const others = pages.map(({ data }) => data[0]!)
    const changed = others.pop()
    changed!.username = 'changed'
    changed!.emailVerifiedAt!.setFullYear(1900)
    for (const other of others)
      expect(other).toMatchObject({
        username: 'a',
        emailVerifiedAt: new Date('2026-01-01T00:00:00.000Z'),
      })
  })

  it('count the rows of their own transaction', async () => {
    await test.core.database.client.$transaction(async (tx) => {
      await tx.user.create({ data: { username: 'x', email: 'x@example.com', passwordHash: '-' } })
      const page = await tx.user.findPage({ list: request({}) })
      expect(page.pagination).toMatchObject({ total: 1 })
    })
  })
})

describe('pages by cursor', () => {
  const times = [null, new Date('2026-01-01T00:00:00.001Z'), new Date('2026-01-01T00:00:00.002Z')]
  const user = fc.record({
    status: fc.constantFrom('active' as const, 'inactive' as const),
    createdAt: fc.constantFrom(times[1]!, times[2]!),
    emailVerifiedAt: fc.constantFrom(...times),
  })
  const sort = fc
    .uniqueArray(fc.constantFrom('status', 'createdAt', 'emailVerifiedAt', 'username', 'id'), {
      maxLength: 4,
    })
    .chain((fields) =>
      fc.tuple(...fields.map((field) => fc.constantFrom(`${field}:asc`, `${field}:desc`))),
    )
    .map((items) => items.join(','))

  it('show every row once, in the order of the database, whatever the sort', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(user, { minLength: 1, maxLength: 12 }),
        sort,
        fc.integer({ min: 1, max: 5 }),
        async (users, sort, size) => {
          await test.core.database.pool.query('TRUNCATE "user" CASCADE')
          await create(...users.map((user, index) => ({ ...user, username: `name-${index}` })))
          const whole = await findPage({ sort, per_page: '100' })
          const expected = whole.data.map(({ id }) => id)
          expect(await walk({ sort, per_page: String(size) })).toEqual(expected)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('neither skip nor repeat a row while others are inserted and deleted', async () => {
    const before = Array.from({ length: 20 }, (_, index) => ({ username: `m-${index}` }))
    await create(...before)
    const { user } = test.core.database.client
    const kept = (await user.findMany({ where: { username: { startsWith: 'm-1' } } })).map(
      ({ id }) => id,
    )
    let round = 0
    const seen = await walk({ sort: 'username:desc', per_page: '3' }, async () => {
      round += 1
      await create({ username: `a-${round}` }, { username: `z-${round}` })
      await user.deleteMany({ where: { username: `m-${round + 1}`, id: { notIn: kept } } })
    })
    expect(new Set(seen).size).toBe(seen.length)
    for (const id of kept) expect(seen).toContain(id)
  })

  it('end with null, and begin anew with an empty cursor', async () => {
    await create({ username: 'a' }, { username: 'b' })
    expect((await findPage({ cursor: '', per_page: '2' })).pagination).toEqual({
      next_cursor: null,
      per_page: 2,
    })
  })

  it('refuse a cursor of another order, other filters or another form, and values that no row can have', async () => {
    await create({ username: 'a' }, { username: 'b' })
    const page = await findPage({ cursor: '', per_page: '1', sort: 'username' })
    const cursor = (page.pagination as { next_cursor: string }).next_cursor
    expect(() => request({ cursor, sort: 'username', per_page: '50' })).not.toThrow()
    expect(() => request({ cursor, sort: 'username:desc' })).toThrow('/query/cursor')
    expect(() => request({ cursor, sort: 'username', filters: 'id:1' })).toThrow('/query/cursor')
    const [version, digest] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    const forge = (...content: unknown[]) =>
      Buffer.from(JSON.stringify(content)).toString('base64url')
    const use = (forged: string) => () => request({ cursor: forged, sort: 'username' })
    expect(use(forge(version, digest, ['a', 1]))).not.toThrow()
    expect(use(forge(2, digest, ['a', 1]))).toThrow('/query/cursor')
    expect(use(forge(version, digest))).toThrow('/query/cursor')
    for (const values of [['a', 'x'], ['\0', 1], ['a'], [null, 1], ['a', 1e99], [{}, 1]])
      expect(use(forge(version, digest, values))).toThrow('/query/cursor')
  })

  it('read nothing but their rows where many share a value', async () => {
    const { pool } = test.core.database
    await pool.query(
      `INSERT INTO "user" (username, email, password_hash, created_at)
       SELECT 'u' || n, n || '@example.com', '-', now() + n * interval '1 ms' FROM generate_series(1, 5000) n`,
    )
    await pool.query('ANALYZE "user"')
    for (const sort of ['status', 'status:desc', 'createdAt']) {
      const first = await findPage({ cursor: '', per_page: '100', sort })
      const { next_cursor: cursor } = first.pagination as { next_cursor: string }
      const statements = jest.spyOn(pool, 'query')
      const next = await findPage({ cursor, per_page: '100', sort })
      const sent = statements.mock.calls.map(([query]) => query) as unknown as Statement[]
      statements.mockRestore()
      expect(next.data[0]).toMatchObject({ username: 'u101' })
      expect(sent).toHaveLength(1)
      const { rows } = await pool.query(`EXPLAIN (ANALYZE) ${sent[0]!.text}`, sent[0]!.values)
      expect(JSON.stringify(rows)).toContain('Index Scan')
      expect(JSON.stringify(rows)).not.toMatch(/Removed by Filter: \d{3}/)
    }
  })
})

describe('the orders of a list', () => {
  const sorted = (sort: readonly ('id' | 'status' | 'createdAt' | 'email')[]) =>
    defineList({
      fields: {
        id: integer(),
        email: text({ maxLength: 254 }),
        status: oneOf(['active', 'inactive']),
        createdAt: time(),
        emailVerifiedAt: time({ nullable: true }),
      },
      sort,
      filter: [],
    })
  const missing = (list: ListDefinition, where = {}) =>
    sortsWithoutIndex({
      pool: test.core.database.pool,
      list,
      findPage: (list) => test.core.database.client.user.findPage({ where, list }),
    })

  it('are told when no index serves them, in one direction or both', async () => {
    expect(await missing(sorted(['id', 'status', 'createdAt', 'email']))).toEqual([])
    expect(await missing(sorted(['createdAt']), withDeleted)).toEqual([
      'createdAt:asc',
      'createdAt:desc',
    ])
    await test.core.database.pool.query('DROP INDEX user_status_desc_idx')
    expect(await missing(sorted(['status']))).toEqual(['status:desc'])
  })
})
