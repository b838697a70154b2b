import fc from 'fast-check'
import { createLibrary, type Library } from '../db/testing/library.ts'
import {
  bigInteger,
  decimal,
  defineList,
  flag,
  float,
  integer,
  text,
  time,
  type ListField,
} from './index.ts'

let library: Library

beforeAll(async () => {
  library = await createLibrary()
})
afterAll(() => library.stop())
beforeEach(() => library.empty())

const sorts = ['id', 'code', 'spare', 'width', 'load', 'note', 'builtAt', 'mobile'] as const

const shelfList = defineList({
  fields: {
    id: integer(),
    code: bigInteger(),
    spare: bigInteger({ nullable: true }),
    width: decimal(),
    load: float(),
    note: text({ nullable: true, maxLength: 400 }),
    builtAt: time({ nullable: true }),
    mobile: flag({ nullable: true }),
  },
  sort: sorts,
  filter: ['code', 'width', 'load'],
})

/** Neighbours that are one value once a digit is lost, and texts that take much room. */
const shelf = fc.record({
  code: fc.constantFrom(9_007_199_254_740_992n, 9_007_199_254_740_993n, -(2n ** 63n)),
  spare: fc.constantFrom(null, 2n ** 63n - 1n, 2n ** 63n - 2n),
  width: fc.constantFrom(
    '12345678901234567890.1',
    '12345678901234567890.2',
    '0.000000000000000000000000000001',
    '-7.5',
  ),
  load: fc.constantFrom(0.1 + 0.2, 0.3, 1e21, -1e-7, Number.MIN_VALUE),
  note: fc.constantFrom(null, '', 'a', 'A', '"\\', '\u0001'.repeat(400), '🪨'.repeat(400)),
  builtAt: fc.constantFrom(
    null,
    new Date('2026-01-01T00:00:00.001Z'),
    new Date('2026-01-01T00:00:00.002Z'),
  ),
  mobile: fc.constantFrom(null, true, false),
})

const anySort = fc
  .shuffledSubarray([...sorts], { minLength: 1 })
  .chain((fields) =>
    fc.tuple(...fields.map((field) => fc.constantFrom(`${field}:asc`, `${field}:desc`))),
  )
  .map((items) => items.join(','))

const findPage = (query: Record<string, string>) => {
  const result = shelfList.read(shelfList.query.parse(query))
  if ('faults' in result) throw new Error(JSON.stringify(result.faults))
  return library.db.shelf.findPage({ list: result.list })
}

async function walk(query: Record<string, string>): Promise<number[]> {
  const ids: number[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page = (await findPage({ ...query, cursor })) as {
      data: { id: number }[]
      pagination: { next_cursor: string | null }
    }
    ids.push(...page.data.map(({ id }) => id))
    cursor = page.pagination.next_cursor
  }
  return ids
}

it('a cursor shows every row once, whatever the kinds of columns, and null wherever it may be', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(shelf, { minLength: 1, maxLength: 12 }),
      anySort,
      fc.integer({ min: 1, max: 5 }),
      async (shelves, sort, size) => {
        await library.empty()
        await library.db.shelf.createMany({ data: shelves })
        const whole = await findPage({ sort, per_page: '100' })
        expect(await walk({ sort, per_page: String(size) })).toEqual(whole.data.map(({ id }) => id))
      },
    ),
    { numRuns: 100 },
  )
})

it.each([
  ['code:9007199254740993', [2]],
  ['width:12345678901234567890.2', [2]],
  ['width:gt:12345678901234567890.1', [2]],
  ['load:0.30000000000000004', [1]],
  ['load:gte:1e21', [2]],
])('a filter compares all digits: %s', async (filters, ids) => {
  const [one, two] = [
    { code: 9_007_199_254_740_992n, width: '12345678901234567890.1', load: 0.1 + 0.2 },
    { code: 9_007_199_254_740_993n, width: '12345678901234567890.2', load: 1e21 },
  ]
  await library.db.shelf.createMany({ data: [one, two] })
  expect((await findPage({ filters })).data.map(({ id }) => id)).toEqual(ids)
})

describe('a list is refused where it is declared', () => {
  const sortedBy = (...lengths: (number | undefined)[]) => {
    const texts = lengths.map((length, index): [string, ListField] => [
      `text${index}`,
      text(length === undefined ? {} : { maxLength: length }),
    ])
    const fields: Record<string, ListField> = { id: integer(), ...Object.fromEntries(texts) }
    return () => defineList({ fields, sort: Object.keys(fields), filter: [] })
  }

  it('when it is sorted by a text of any length, which no cursor could hold', () => {
    expect(sortedBy(50, undefined)).toThrow(/text1 may be of any length: .*text\({ maxLength }\)/)
    expect(sortedBy(400)).not.toThrow()
  })

  it('when its texts together are longer than a cursor', () => {
    expect(sortedBy(200, 201)).toThrow('sorted by 401 (text0, text1)')
    expect(sortedBy(200, 200)).not.toThrow()
  })

  it('when its primary key is a text, which ends every order', () => {
    const fields = { code: text() }
    expect(() => defineList({ fields, sort: [], filter: [], primaryKey: 'code' })).toThrow('code')
  })
})

it('no cursor is made of a null that is not declared: the rows without a value would be skipped', async () => {
  const careless = defineList({
    fields: { id: integer(), spare: bigInteger() },
    sort: ['spare'],
    filter: [],
  })
  const result = careless.read({ cursor: '', sort: 'spare', per_page: 1 })
  if ('faults' in result) throw new Error(JSON.stringify(result.faults))
  const row = { code: 1n, width: 1, load: 1 }
  await library.db.shelf.createMany({ data: [row, row] })
  await expect(library.db.shelf.findPage({ list: result.list })).rejects.toThrow(
    'sorted by spare, which is null in a row: declare it nullable',
  )
})
