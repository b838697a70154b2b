import fc from 'fast-check'
import {
  bigInteger,
  decimal,
  defineList,
  flag,
  float,
  integer,
  oneOf,
  text,
  time,
} from './index.ts'
import { SyntaxFault } from './list-fault.ts'
import { parseFilters } from './parse-filters.ts'

const list = defineList({
  fields: {
    id: integer(),
    name: text({ ignoreCase: true, maxLength: 50 }),
    note: text({ nullable: true }),
    status: oneOf(['active', 'inactive']),
    open: flag(),
    weight: bigInteger(),
    price: decimal(),
    load: float(),
    cutAt: time({ nullable: true }),
  },
  sort: ['id', 'name', 'cutAt'],
  filter: ['id', 'name', 'note', 'status', 'open', 'weight', 'price', 'load', 'cutAt'],
})

interface Fault {
  pointer: string
  code: string
  detail: string
  position?: number
}

function read({ sort, filters, ...plain }: Record<string, string>) {
  const parsed = list.plain.safeParse(plain)
  if (!parsed.success)
    return {
      faults: parsed.error.issues.map(({ path }) => ({ pointer: `/query/${path.join('/')}` })),
    }
  return list.read({ sort, filters, ...parsed.data })
}

function conditionsOf(filters: string): unknown {
  const result = read({ filters })
  if ('faults' in result) throw new Error(JSON.stringify(result.faults))
  const [condition, ...more] = (result.list.where as { AND: object[] }).AND
  return more.length > 0 ? [condition, ...more] : condition
}

function faultsOf(query: Record<string, string>): Fault[] {
  const result = read(query)
  return 'faults' in result ? (result.faults as Fault[]) : []
}

describe('filters', () => {
  it.each([
    ['id:7', { id: { equals: 7 } }],
    ['id:-7', { id: { equals: -7 } }],
    ['id:[1,2]', { id: { in: [1, 2] } }],
    ['id:[]', { id: { in: [] } }],
    ['id:gte:1,id:lt:9', [{ id: { gte: 1 } }, { id: { lt: 9 } }]],
    ['id:ne:7', { NOT: { id: { equals: 7 } } }],
    ['name:Ada', { name: { in: ['Ada'], mode: 'insensitive' } }],
    ['name:City wall', { name: { in: ['City wall'], mode: 'insensitive' } }],
    ['name:a_b%', { name: { in: ['a_b%'], mode: 'insensitive' } }],
    ['name:"a,b:[c]"', { name: { in: ['a,b:[c]'], mode: 'insensitive' } }],
    ['name:"\\"\\\\"', { name: { in: ['"\\'], mode: 'insensitive' } }],
    ['name:""', { name: { in: [''], mode: 'insensitive' } }],
    ["name:O'Neil", { name: { in: ["O'Neil"], mode: 'insensitive' } }],
    ['name:like:gr', { name: { contains: 'gr', mode: 'insensitive' } }],
    ['name:like:100%', { name: { contains: '100\\%', mode: 'insensitive' } }],
    ['note:ne:x', { OR: [{ NOT: { note: { equals: 'x' } } }, { note: null }] }],
    ['note:null:true', { note: null }],
    ['note:null:false', { note: { not: null } }],
    ['status:[active,inactive]', { status: { in: ['active', 'inactive'] } }],
    ['weight:gt:9007199254740993', { weight: { gt: 9007199254740993n } }],
    ['price:12345678901234567890.10', { price: { equals: '12345678901234567890.10' } }],
    ['load:[-0.5,1.5e3]', { load: { in: [-0.5, 1500] } }],
    ['open:true', { open: { equals: true } }],
    ['cutAt:2026-01-31', { cutAt: { equals: new Date('2026-01-31T00:00:00Z') } }],
    ['cutAt:gt:"2026-01-31T12:30:00.5Z"', { cutAt: { gt: new Date('2026-01-31T12:30:00.500Z') } }],
  ])('reads %s', (filters, condition) => {
    expect(conditionsOf(filters)).toEqual(condition)
  })

  it.each([
    ['\0', 0, 'invalid_text'],
    ['name:é\0', 6, 'invalid_text'],
    ['name:😀\ud83d', 7, 'invalid_text'],
    ['id', 2, 'invalid_syntax'],
    ['id:', 3, 'invalid_syntax'],
    [' ', 0, 'invalid_syntax'],
    ['id:1,', 5, 'invalid_syntax'],
    [',id:1', 0, 'invalid_syntax'],
    ['id:1,,id:2', 5, 'invalid_syntax'],
    ['id:1, name:x', 5, 'invalid_syntax'],
    ['id: 1', 3, 'invalid_syntax'],
    ['id:[1', 5, 'invalid_syntax'],
    ['id:[1,]', 6, 'invalid_syntax'],
    ['id:[[1]]', 4, 'invalid_syntax'],
    ['id:1]', 4, 'invalid_syntax'],
    ['name:"x', 5, 'invalid_syntax'],
    ['name:"x"y', 8, 'invalid_syntax'],
    ['name:"\\n"', 6, 'invalid_syntax'],
    ['name:a"b', 6, 'invalid_syntax'],
    ['id:gt:1:2', 7, 'invalid_syntax'],
    ['id:gt:[1]', 6, 'invalid_syntax'],
    ['id:"gt":1', 7, 'invalid_syntax'],
    [`id:[${'1,'.repeat(100)}1]`, 3, 'invalid_syntax'],
    ['secret:1', 0, 'unknown_field'],
    ['id:1,secret:1', 5, 'unknown_field'],
    ['__proto__:1', 0, 'unknown_field'],
    ['id:like:1', 3, 'unknown_operator'],
    ['id:eq:1', 3, 'unknown_operator'],
    ['status:like:a', 7, 'unknown_operator'],
    ['name:gt:a', 5, 'unknown_operator'],
    ['name:null:true', 5, 'unknown_operator'],
    ['id:abc', 3, 'invalid_value'],
    ['id:1.5', 3, 'invalid_value'],
    ['id:1e3', 3, 'invalid_value'],
    ['id:[1,x]', 6, 'invalid_value'],
    ['id:2147483648', 3, 'out_of_range'],
    ['weight:9223372036854775808', 7, 'out_of_range'],
    ['price:1e3', 6, 'invalid_value'],
    ['price:.5', 6, 'invalid_value'],
    ['load:NaN', 5, 'invalid_value'],
    ['load:1e999', 5, 'out_of_range'],
    ['status:deleted', 7, 'invalid_value'],
    ['open:yes', 5, 'invalid_value'],
    ['note:null:maybe', 10, 'invalid_value'],
    ['cutAt:2026-02-30', 6, 'invalid_value'],
    ['cutAt:0000-01-01', 6, 'invalid_value'],
    ['cutAt:"2026-01-31T12:00:00"', 6, 'invalid_value'],
    ['cutAt:"2026-01-31T12:00:00+01:00"', 6, 'invalid_value'],
    ['cutAt:2026-01-31T12', 6, 'invalid_value'],
  ])('refuses %s at %i', (filters, position, code) => {
    expect(faultsOf({ filters })).toMatchObject([{ pointer: '/query/filters', position, code }])
  })

  it('tells every item that it understands and cannot take', () => {
    const faults = faultsOf({ filters: 'id:x,secret:1,status:gone', sort: 'x' })
    expect(faults.map(({ pointer, position }) => [pointer, position])).toEqual([
      ['/query/sort', 0],
      ['/query/filters', 3],
      ['/query/filters', 5],
      ['/query/filters', 21],
    ])
  })

  it('takes a hundred values and two thousand characters, and no more', () => {
    expect(faultsOf({ filters: `id:[${'1,'.repeat(99)}1]` })).toEqual([])
    expect(faultsOf({ filters: `name:${'x'.repeat(1_995)}` })).toEqual([])
    for (const parameter of ['sort', 'filters'])
      expect(faultsOf({ [parameter]: `name:${'x'.repeat(1_996)}` })).toMatchObject([
        { pointer: `/query/${parameter}`, code: 'too_big', position: 2_000 },
      ])
  })

  it('takes twenty items, of any kind, and names the first beyond', () => {
    const kinds = ['id:1', 'name:like:a', 'id:[1,2]', 'cutAt:null:true', 'name:"a,b"']
    const items = Array.from({ length: 20 }, (_, index) => kinds[index % kinds.length])
    const full = items.join(',')
    expect(faultsOf({ filters: full })).toEqual([])
    for (const beyond of [
      'id:1',
      'secret:1',
      'name:like:"a"',
      'id:[1]',
      `id:1${',id:1'.repeat(114)}`,
    ])
      expect(faultsOf({ filters: `${full},${beyond}` })).toEqual([
        {
          pointer: '/query/filters',
          position: full.length + 1,
          code: 'too_big',
          detail: 'Takes at most 20 filters. Brackets hold up to 100 values of one field.',
        },
      ])
  })

  it('finds nothing by a text that no row can hold, and does not ask for it', () => {
    const long = 'x'.repeat(101)
    expect(conditionsOf(`name:like:${long}`)).toEqual({ name: { in: [] } })
    expect(conditionsOf(`name:[${long},a]`)).toEqual({ name: { in: ['a'], mode: 'insensitive' } })
    expect(conditionsOf(`name:ne:${long}`)).toEqual({
      NOT: { name: { in: [], mode: 'insensitive' } },
    })
    expect(conditionsOf(`note:like:${long}`)).toMatchObject({ note: { contains: long } })
  })

  it('counts as absent when empty', () => {
    expect(read({ filters: '', sort: '' })).toMatchObject({ list: { orderBy: [{ id: 'asc' }] } })
  })
})

describe('sort', () => {
  const orderOf = (sort: string) => {
    const result = read({ sort })
    return 'list' in result ? result.list.orderBy : result.faults
  }

  it('ends with the primary key, unless that is there already', () => {
    expect(orderOf('name')).toEqual([{ name: 'asc' }, { id: 'asc' }])
    expect(orderOf('name:desc,cutAt:asc')).toEqual([
      { name: 'desc' },
      { cutAt: 'asc' },
      { id: 'asc' },
    ])
    expect(orderOf('id:desc,name')).toEqual([{ id: 'desc' }, { name: 'asc' }])
  })

  it('takes eight fields, and names the first beyond', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'] as const
    const wide = defineList({
      fields: Object.fromEntries([...names, 'id'].map((name) => [name, integer()])),
      sort: names,
      filter: [],
    })
    const keys = names.slice(0, 8).map((name) => ({ [name]: 'asc' }))
    expect(wide.read({ sort: 'a,b,c,d,e,f,g,h' })).toMatchObject({
      list: { orderBy: [...keys, { id: 'asc' }] },
    })
    for (const beyond of ['i', 'a', 'secret', '', `i${',i'.repeat(900)}`])
      expect(wide.read({ sort: `a,b,c,d,e,f,g,h,${beyond}` })).toEqual({
        faults: [
          {
            pointer: '/query/sort',
            position: 16,
            code: 'too_big',
            detail: 'Sorts by at most 8 fields.',
          },
        ],
      })
  })

  it.each([
    [' ', 0, 'invalid_syntax'],
    ['id\0', 2, 'invalid_text'],
    ['name :desc', 4, 'invalid_syntax'],
    ['name: desc', 5, 'invalid_syntax'],
    ['name,', 5, 'invalid_syntax'],
    [',name', 0, 'invalid_syntax'],
    ['note', 0, 'unknown_field'],
    ['name, id', 5, 'invalid_syntax'],
    ['name:up', 5, 'invalid_direction'],
    ['name:', 5, 'invalid_direction'],
    ['name:asc:desc', 5, 'invalid_direction'],
    ['name:ASC', 5, 'invalid_direction'],
    ['id,name,id', 8, 'duplicate_field'],
  ])('refuses %s at %i', (sort, position, code) => {
    expect(faultsOf({ sort })).toMatchObject([{ pointer: '/query/sort', position, code }])
  })
})

describe('a list without fields to filter by', () => {
  const bare = defineList({ fields: { id: integer() }, sort: ['id'], filter: [] })

  it('says that it takes no filters, and documents none', () => {
    expect(bare.read({ filters: 'id:1' })).toEqual({
      faults: [
        {
          pointer: '/query/filters',
          position: 0,
          code: 'unknown_field',
          detail: 'This list takes no filters.',
        },
      ],
    })
    expect(bare.read({ filters: '' })).toHaveProperty('list')
    expect(Object.keys(bare.query.shape)).not.toContain('filters')
  })
})

describe('pages', () => {
  it.each([
    [{ page: '0' }, '/query/page'],
    [{ page: '-1' }, '/query/page'],
    [{ page: '+1' }, '/query/page'],
    [{ page: '1.0' }, '/query/page'],
    [{ page: '1e2' }, '/query/page'],
    [{ page: '10001' }, '/query/page'],
    [{ page: '1001', per_page: '100' }, '/query/page'],
    [{ per_page: '0' }, '/query/per_page'],
    [{ per_page: '101' }, '/query/per_page'],
    [{ per_page: '99999999999999999999' }, '/query/per_page'],
    [{ total: 'no' }, '/query/total'],
    [{ cursor: '', page: '1' }, '/query/page'],
    [{ cursor: 'x' }, '/query/cursor'],
    [{ cursor: 'bnVsbA' }, '/query/cursor'],
  ])('refuses %j', (query, pointer) => {
    expect(faultsOf(query)).toMatchObject([{ pointer }])
  })

  it('reach to a hundred thousand rows', () => {
    expect(faultsOf({ page: '10000' })).toEqual([])
    expect(faultsOf({ page: '1000', per_page: '100' })).toEqual([])
  })

  it.each<Record<string, string>>([
    { page: '10001' },
    { page: '100001', per_page: '1' },
    { page: '1000000000' },
    { page: '9'.repeat(400) },
  ])('that reach further name the cursor: %j', (query) => {
    expect(faultsOf(query)).toMatchObject([
      { pointer: '/query/page', code: 'out_of_range', detail: expect.stringContaining('cursor') },
    ])
  })
})

describe('whatever is sent', () => {
  const alphabet = fc.constantFrom(
    ...[
      'id',
      'name',
      'cutAt',
      ':',
      ',',
      '[',
      ']',
      '"',
      '\\',
      '1',
      'gt',
      'like',
      'null',
      ' ',
      '2026-01-31',
      'é',
      '😀',
      '%',
    ],
  )
  const grammar = fc.array(alphabet, { maxLength: 40 }).map((parts) => parts.join(''))

  it('is a list or a fault inside the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(grammar, fc.string()),
        fc.oneof(grammar, fc.string()),
        (filters, sort) => {
          const result = read({ filters, sort })
          if (!('faults' in result)) return
          expect(result.faults.length).toBeGreaterThan(0)
          for (const { pointer, position } of result.faults as Fault[]) {
            const length = pointer === '/query/sort' ? sort.length : filters.length
            expect(position).toBeLessThanOrEqual(length)
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('is read in steps that grow no faster than its length', () => {
    const hard = fc.constantFrom(
      'id:',
      '"',
      '\\\\',
      '[',
      'id:[1,',
      'id:gt:',
      'id:1,',
      '1,',
      ' ',
      ':',
    )
    fc.assert(
      fc.property(hard, hard, fc.integer({ min: 1, max: 900 }), (start, part, times) => {
        const text = start + part.repeat(times)
        expect(stepsOf(text)).toBeLessThan(8 * text.length + 8)
      }),
    )
  })

  it('comes back as the value that was quoted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const quoted = `"${value.replace(/["\\]/g, '\\$&')}"`
        expect(
          parseFilters(`name:[${quoted},${quoted}]`)[0]?.values.map(({ text }) => text),
        ).toEqual([value, value])
      }),
    )
  })
})

/** How often the parser looks at a character. */
function stepsOf(text: string): number {
  let steps = 0
  const watched = new Proxy(new String(text), {
    get(target, name) {
      if (typeof name === 'string' && /^\d+$/.test(name)) steps += 1
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  try {
    parseFilters(watched as unknown as string)
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxFault)
  }
  return steps
}
