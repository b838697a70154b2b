import { z } from 'zod'
import { findJsonMisfits, type Direction } from './json-misfits.ts'

const misfitsOf = (schema: z.ZodType, direction: Direction = 'output') =>
  findJsonMisfits(schema, direction).map(({ pointer, problem }) => `${pointer} ${problem}`)

const Wall = z.object({
  stones: z.array(z.bigint()),
  get next() {
    return Wall.nullable()
  },
})

describe('a schema that JSON cannot hold', () => {
  it.each<[string, z.ZodType, string]>([
    ['a bigint', z.object({ a: z.bigint() }), '/a is of the type bigint'],
    ['int64, which is a bigint', z.object({ a: z.int64() }), '/a is of the type bigint'],
    ['a literal bigint', z.object({ a: z.literal([1, 2n]) }), '/a is a literal'],
    ['a literal undefined', z.object({ a: z.literal(undefined) }), '/a is a literal'],
    ['a map', z.array(z.map(z.string(), z.int())), '/* is of the type map'],
    ['a set', z.record(z.string(), z.set(z.string())), '/* is of the type set'],
    ['NaN', z.tuple([z.string(), z.nan()]), '/1 is of the type nan'],
    ['undefined', z.object({ a: z.union([z.string(), z.undefined()]) }), '/a is of the type undef'],
    ['a symbol', z.object({ a: z.symbol().optional() }), '/a is of the type symbol'],
    ['a custom type', z.object({ a: z.instanceof(Buffer) }), '/a is of the type custom'],
    ['a file', z.object({ a: z.file().nullable() }), '/a is of the type file'],
    ['a promise', z.object({ a: z.promise(z.string()) }), '/a is of the type promise'],
    [
      'an open result',
      z.object({ a: z.string().transform(Number) }),
      '/a is of the type transform',
    ],
    ['items that may be missing', z.object({ a: z.array(z.int().optional()) }), '/a has items'],
    ['places that may be missing', z.tuple([z.int(), z.int().optional()]), '/ has items'],
    ['open members', z.object({}).catchall(z.bigint()), '/* is of the type bigint'],
    [
      'the result of a codec',
      z.codec(z.string(), z.bigint(), { decode: BigInt, encode: String }),
      '/ is of',
    ],
    [
      'a part of an intersection',
      z.object({ a: z.int() }).and(z.object({ b: z.bigint() })),
      '/b is',
    ],
    ['a schema that holds itself', Wall, '/stones/* is of the type bigint'],
    [
      'what is behind wrappers',
      z.object({ a: z.bigint().catch(1n).readonly().prefault(1n) }),
      '/a is',
    ],
    [
      'what is lazily anything',
      z.object({ a: z.lazy(() => z.unknown().optional()) }),
      '/a is lazy',
    ],
    ['what is lazy', z.lazy(() => z.bigint()), '/ is of the type bigint'],
    [
      'a branch',
      z.discriminatedUnion('t', [z.object({ t: z.literal('a'), b: z.bigint() })]),
      '/b is of the type bigint',
    ],
  ])('is found with %s', (_what, schema, start) => {
    expect(misfitsOf(schema)).toEqual([expect.stringMatching(`^${start.replaceAll('*', '\\*')}`)])
  })

  it('is found in a request where none could ever fit', () => {
    const schema = z.strictObject({
      at: z.date(),
      size: z.bigint(),
      on: z.map(z.string(), z.int()),
    })
    expect(misfitsOf(schema, 'input')).toEqual([
      expect.stringContaining('/at is of the type date'),
      expect.stringContaining('/size is of the type bigint'),
      expect.stringContaining('/on is of the type map'),
    ])
  })
})

describe('a schema that JSON can hold', () => {
  const text = z.codec(z.bigint(), z.string(), { decode: String, encode: BigInt })

  it.each<[string, z.ZodType]>([
    ['a bigint as a text', z.object({ a: text })],
    ['a date', z.object({ a: z.date(), b: z.coerce.date() })],
    [
      'a result with a schema',
      z
        .string()
        .transform((a) => a.length)
        .pipe(z.int()),
    ],
    ['a preprocessed value', z.preprocess(String, z.string())],
    [
      'members that may be missing',
      z.object({ a: z.int().optional(), b: z.record(z.string(), z.int()) }),
    ],
    ['any JSON', z.json()],
    ['a word for yes', z.stringbool()],
    ['a pattern, a brand, a check', z.templateLiteral(['a', z.int()]).brand('b').refine(Boolean)],
    [
      'a custom type with a description',
      z.custom<string>().meta({ override: ({ jsonSchema }) => void (jsonSchema.type = 'string') }),
    ],
  ])('passes: %s', (_what, schema) => {
    expect(misfitsOf(schema)).toEqual([])
  })

  it('may take what it changes before it uses it', () => {
    const schema = z.strictObject({
      at: z.coerce.date(),
      size: z.coerce.bigint(),
      from: z.codec(z.string(), z.bigint(), { decode: BigInt, encode: String }),
      length: z.string().transform((a) => a.length),
      item: z.array(z.string().optional()),
    })
    expect(misfitsOf(schema, 'input')).toEqual([])
  })
})
