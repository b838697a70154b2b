import fc from 'fast-check'
import { z } from 'zod'
import { compilePicker } from './compile-picker.ts'
import { createSerializer } from './serializer.ts'

const options = { name: 'GET /stones', envelope: false, strict: false }

const Stone = z.object({
  id: z.int(),
  name: z.string().max(5),
  kind: z.enum(['granite', 'slate']),
  cut: z.boolean(),
  weight: z.number().nullable(),
  note: z.string().optional(),
  tags: z.array(z.object({ name: z.string() })),
  sizes: z.record(z.string(), z.number()),
  quarriedAt: z.date(),
  mark: z.union([z.string(), z.number(), z.null()]),
  place: z.discriminatedUnion('type', [
    z.object({ type: z.literal('wall'), row: z.int() }),
    z.object({ type: z.literal('yard') }),
  ]),
})

const stone = {
  id: 1,
  name: 'grey',
  kind: 'granite',
  cut: true,
  weight: null,
  tags: [{ name: 'old', secret: 'hidden' }],
  sizes: { height: 2 },
  quarriedAt: new Date('2026-01-31T10:00:00.5Z'),
  mark: null,
  place: { type: 'yard', row: 3 },
  secret: 'hidden',
}

const Wall = z.object({
  get on() {
    return Wall.optional()
  },
})

describe('a compiled serializer', () => {
  it('lets nothing leave that the schema does not name, at any depth', () => {
    const text = createSerializer(Stone, options)(stone)
    expect(compilePicker(Stone)).toBeDefined()
    expect(JSON.parse(text)).toEqual({
      id: 1,
      name: 'grey',
      kind: 'granite',
      cut: true,
      weight: null,
      tags: [{ name: 'old' }],
      sizes: { height: 2 },
      quarriedAt: '2026-01-31T10:00:00.500Z',
      mark: null,
      place: { type: 'yard' },
    })
  })

  it.each([
    ['a missing member', { id: undefined }, '/id invalid_type'],
    ['a text for a number', { id: '1' }, '/id invalid_type'],
    ['NaN, which JSON would make null', { weight: Number.NaN }, '/weight invalid_type'],
    ['a bigint', { id: 1n }, '/id invalid_type'],
    ['another value than the listed', { kind: 'marble' }, '/kind invalid_value'],
    ['an invalid date', { quarriedAt: new Date('never') }, '/quarriedAt invalid_type'],
    ['a fault in an item', { tags: [{ name: 'a' }, {}] }, '/tags/1/name invalid_type'],
    ['a fault in an entry', { sizes: { height: 'x' } }, '/sizes/height invalid_type'],
    ['an unknown branch', { place: { type: 'sea' } }, '/place/type invalid_union'],
    ['a function', { name: () => 'x' }, '/name invalid_type'],
    ['a text that writes itself', { name: { toJSON: () => 'x' } }, '/name invalid_type'],
  ])('refuses %s and tells where, not what', (_what, wrong, place) => {
    const serialize = createSerializer(Stone, options)
    expect(() => serialize({ ...stone, ...wrong })).toThrow(
      `GET /stones answered what its response schema refuses: ${place}`,
    )
  })

  it.each([
    ['null', null],
    ['a list', []],
    ['nothing', undefined],
  ])('refuses %s where an object is due', (_what, wrong) => {
    expect(() => createSerializer(Stone, options)(wrong)).toThrow('refuses')
  })

  it.each([
    ['a codec', z.codec(z.number(), z.string(), { decode: String, encode: Number }), 7, '7'],
    ['a transform', z.object({ a: z.string().transform((a) => a.length) }), { a: 'abc' }, { a: 3 }],
    ['a default', z.object({ a: z.string().default('x') }), {}, { a: 'x' }],
    ['a trimmed text', z.object({ a: z.string().trim() }), { a: ' x ', b: 1 }, { a: 'x' }],
    ['coercion', z.object({ a: z.coerce.number() }), { a: '7' }, { a: 7 }],
    ['open members', z.looseObject({ a: z.string() }), { a: 'x', b: 1 }, { a: 'x', b: 1 }],
    ['a structure that holds itself', Wall, { on: { on: {}, secret: 1 } }, { on: { on: {} } }],
    [
      'structures told apart by their content',
      z.union([z.object({ a: z.string().max(1), b: z.string() }), z.object({ a: z.string() })]),
      { a: 'long', b: 'hidden' },
      { a: 'long' },
    ],
  ])('parses what cannot be picked: %s', (_what, schema, result, answer) => {
    expect(compilePicker(schema)).toBeUndefined()
    expect(JSON.parse(createSerializer(schema, options)(result))).toEqual(answer)
  })

  it('names the route where a member that may be anything is no JSON', () => {
    for (const value of [1n, [{ deep: 1n }]])
      expect(() => createSerializer(z.object({ a: z.unknown() }), options)({ a: value })).toThrow(
        /^GET \/stones answered what JSON cannot hold/,
      )
  })

  it('is content with a wrong format in production, and refuses it in tests', () => {
    const long = { ...stone, name: 'too long' }
    expect(createSerializer(Stone, options)(long)).toContain('too long')
    expect(() => createSerializer(Stone, { ...options, strict: true })(long)).toThrow(
      '/name too_big',
    )
  })

  it('writes what zod and JSON.stringify write, whatever the schema and the value', () => {
    fc.assert(
      fc.property(schemas, values, (schema, value) => {
        const parsed = schema.safeParse(value)
        const written = write(() => createSerializer(schema, options)(value))
        if (!parsed.success) expect(written).toEqual({ refused: true })
        else expect(written).toEqual({ data: asJson(parsed.data) })
      }),
      { numRuns: 2_000 },
    )
  })
})

const leaf = fc.constantFrom<z.ZodType>(
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.date(),
  z.literal(['a', 1]),
  z.enum(['a', 'b']),
  z.string().trim(),
  z.unknown(),
)

const { tree: schemas } = fc.letrec<{ tree: z.ZodType }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    tie('tree').map((inner) => inner.optional()),
    tie('tree').map((inner) => inner.nullable()),
    tie('tree').map((inner) => z.array(inner)),
    tie('tree').map((inner) => z.record(z.string(), inner)),
    fc.tuple(tie('tree'), tie('tree')).map((pair) => z.union(pair)),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('tree')).map((shape) => z.object(shape)),
  ),
}))

const values = fc.anything({
  key: fc.constantFrom('a', 'b', 'c', 'd'),
  values: [
    fc.constantFrom('a', 'b', ' a ', 1, 2.5, true, null, undefined, Number.NaN),
    fc.date(),
    fc.string(),
  ],
  maxDepth: 3,
})

function write(work: () => string | undefined): object {
  try {
    const text = work()
    return { data: text === undefined ? undefined : (JSON.parse(text) as unknown) }
  } catch (error) {
    return { refused: /refuses/.test(String(error)) }
  }
}

const asJson = (value: unknown): unknown => {
  const text = JSON.stringify(value) as string | undefined
  return text === undefined ? undefined : JSON.parse(text)
}
