import addFormats from 'ajv-formats'
import Ajv from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { z } from 'zod'
import type { Route } from './contract.ts'
import { describeApi } from './openapi.ts'
import { serve } from './testing/serve.ts'
import { createPresenter } from './presenter.ts'
import { createCatalogue } from './problem-catalogue.ts'
import { findJsonMisfits } from './serialization/json-misfits.ts'

/** A schema with a value that a handler may return for it, not always a fitting one. */
interface Case {
  schema: z.ZodType
  value: unknown
}

describe('a route', () => {
  it.each<[string, Partial<Route['contract']>, RegExp]>([
    ['an answer', { response: z.object({ a: z.bigint() }) }, /response \/a is of the type bigint/],
    ['a body', { body: z.strictObject({ a: z.date() }) }, /body \/a is of the type date/],
    [
      'a form',
      { body: { form: z.strictObject({ a: z.map(z.string(), z.int()) }) } },
      /body \/a is/,
    ],
    [
      'a query',
      { query: z.strictObject({ a: z.set(z.string()) }) },
      /query \/a is of the type set/,
    ],
    [
      'an answer without an envelope that may be left out',
      { envelope: false, response: z.string().optional() },
      /response may be left out, and has no envelope/,
    ],
  ])('is refused with its place when the app is made: %s', async (_what, contract, place) => {
    const declared = {
      list: [{ ...routeFor(z.string()), contract: { summary: 'S', ...contract } }],
    }
    await expect(serve({ routes: [declared] })).rejects.toThrow(
      new RegExp(`GET /stones cannot be served:\\n {2}${place.source}`),
    )
  })
})

describe('what is answered', () => {
  it.each([false, true])(
    'is what the document says, whatever the schema (strict: %s)',
    (strict) => {
      let written = 0
      fc.assert(
        fc.property(cases, ({ schema, value }) => {
          const route = routeFor(schema)
          if (findJsonMisfits(schema, 'output').length > 0) return
          const body = answer(route, value, strict)
          if (body === undefined) return
          written += 1
          expect(validate(route, JSON.parse(body))).toEqual([])
        }),
        { numRuns: 200 },
      )
      expect(written).toBeGreaterThan(100)
    },
  )

  it.each([
    ['an integer out of range', z.int(), 2 ** 60],
    ['an integer with a fraction', z.number().int(), 1.5],
    ['an integer of 32 bits', z.int32(), 2 ** 31],
    ['an unsigned integer', z.uint32(), -1],
    ['a float out of range', z.float32(), 1e300],
    ['no number', z.number(), Number.NaN],
  ])('is never %s, in production too', (_what, schema, value) => {
    const route = routeFor(z.object({ a: schema }))
    expect(() =>
      createPresenter(route, { strict: false })({ a: value }, undefined as never),
    ).toThrow(/refuses: \/a/)
  })
})

const leaves: fc.Arbitrary<Case> = fc.oneof(
  of(z.string(), fc.string()),
  of(z.number(), fc.double()),
  of(z.int(), fc.double({ noNaN: true })),
  of(z.int(), fc.integer()),
  of(z.int32(), fc.maxSafeInteger()),
  of(z.number().int(), fc.constantFrom(1, 2 ** 53, 2 ** 60, 0.5)),
  of(z.boolean(), fc.boolean()),
  of(z.null(), fc.constant(null)),
  of(z.literal(['a', 1, true, null]), fc.constantFrom('a', 1, true, null)),
  of(z.enum({ A: 1, B: 'b' }), fc.constantFrom(1, 'b')),
  // RFC 3339 has four digits for a year.
  of(z.date(), fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })),
  of(z.templateLiteral(['a', z.int()]), fc.constant('a1')),
  of(z.iso.datetime(), fc.constant('2026-01-31T10:00:00.5Z')),
  of(z.iso.date(), fc.constant('2026-01-31')),
  of(z.stringbool(), fc.constantFrom('yes', 'off')),
  of(z.coerce.number(), fc.constantFrom('7', 7, true)),
  of(z.json(), fc.jsonValue()),
  of(z.unknown(), fc.jsonValue()),
  of(z.string().transform(Number).pipe(z.number()), fc.constantFrom('1', 'x')),
  of(z.codec(z.bigint(), z.string(), { decode: String, encode: BigInt }), fc.bigInt()),
  of(z.string().trim().brand('b').readonly(), fc.string()),
)

const { tree: cases } = fc.letrec<{ tree: Case }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaves,
    tie('tree').map(({ schema, value }) => ({ schema: schema.nullable(), value })),
    tie('tree').map(({ schema }) => ({ schema: schema.nullable(), value: null })),
    tie('tree').map(({ schema }) => ({
      schema: schema.catch(null as never).nullable(),
      value: 'x',
    })),
    tie('tree').map(({ schema, value }) => ({ schema: z.lazy(() => schema), value })),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map(([first, ...others]) => ({
      schema: z.array(first!.schema),
      value: [first!.value, ...others.map(() => first!.value)],
    })),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((items) => ({
      schema: z.tuple(items.map(({ schema }) => schema) as [z.ZodType]),
      value: items.map(({ value }) => value),
    })),
    fc.tuple(fc.string(), tie('tree')).map(([key, { schema, value }]) => ({
      schema: z.record(z.string(), schema),
      value: { [key]: value },
    })),
    fc.tuple(tie('tree'), tie('tree')).map(([one, other]) => ({
      schema: z.union([one.schema, other.schema]),
      value: other.value,
    })),
    fc.tuple(members(tie), fc.constantFrom('strip', 'loose', 'union')).map(([shape, kind]) => {
      const schemas = Object.fromEntries(
        Object.entries(shape).map(([name, { schema }]) => [name, schema]),
      )
      const value = Object.fromEntries(
        Object.entries(shape).map(([name, { value }]) => [name, value]),
      )
      if (kind === 'loose') return { schema: z.looseObject(schemas), value: { ...value, more: 1 } }
      if (kind === 'strip') return { schema: z.object(schemas), value: { ...value, more: 1 } }
      const option = z.object({ ...schemas, type: z.literal('one') })
      const other = z.object({ type: z.literal('other') })
      return {
        schema: z.discriminatedUnion('type', [option, other]),
        value: { ...value, type: 'one' },
      }
    }),
  ),
}))

function members(tie: (key: 'tree') => fc.Arbitrary<Case>) {
  const member = fc.oneof(
    tie('tree'),
    tie('tree').map(({ schema }) => ({ schema: schema.optional(), value: undefined })),
    tie('tree').map(({ schema, value }) => ({ schema: schema.optional(), value })),
  )
  return fc.dictionary(fc.constantFrom('a', 'b', 'c'), member)
}

function of(schema: z.ZodType, values: fc.Arbitrary<unknown>): fc.Arbitrary<Case> {
  return values.map((value) => ({ schema, value }))
}

const routeFor = (response: z.ZodType): Route => ({
  method: 'get',
  path: '/stones',
  tag: 'Stones',
  base: '',
  contract: { summary: 'Read a stone', response },
  handle: () => undefined,
})

function answer(route: Route, value: unknown, strict: boolean): string | undefined {
  try {
    return createPresenter(route, { strict })(value, undefined as never).body
  } catch (error) {
    expect(String(error)).toMatch(/answered what (its response schema refuses|JSON cannot hold)/)
    return undefined
  }
}

/** As a client would: the schema of the answer, with its references into the document. */
function validate(route: Route, answer: unknown): unknown[] {
  const catalogue = createCatalogue('https://api.test/problems', [])
  const document = describeApi({ appName: 'Test', routes: [route], catalogue })
  const ajv = addFormats(new Ajv({ strict: false, validateFormats: true }))
  ajv.addSchema({ $id: 'document', ...(JSON.parse(JSON.stringify(document)) as object) })
  const pointer = '#/paths/~1stones/get/responses/200/content/application~1json/schema'
  ajv.validate({ $ref: `document${pointer}` }, answer)
  return ajv.errors ?? []
}
