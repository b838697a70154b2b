import { z } from 'zod'

/**
 * Which side of a schema is meant: what it takes, or what it makes. They differ in codecs, defaults
 * and coercion.
 */
export type Direction = 'input' | 'output'

/** A member that JSON cannot hold, or the API document cannot describe. */
export interface JsonMisfit {
  /** JSON pointer; `*` stands for each item or entry. */
  pointer: string
  problem: string
}

/**
 * Finds the members of a schema for which document and wire would disagree: the serializer would
 * fail at each answer, write something else than the document says, or no request could ever fit.
 */
export function findJsonMisfits(schema: z.core.$ZodType, direction: Direction): JsonMisfit[] {
  const seen = new Set<z.core.$ZodType>()
  const misfits: JsonMisfit[] = []
  walk(schema, '')
  return misfits

  function walk(schema: z.core.$ZodType, pointer: string): void {
    if (seen.has(schema)) return
    seen.add(schema)
    const problem = problemOf(schema, direction)
    if (problem) misfits.push({ pointer: pointer || '/', problem })
    for (const [name, part] of partsOf(schema, direction)) walk(part, `${pointer}${name}`)
  }
}

/** Zod types without a counterpart in JSON, and what to use in their place. */
const replacements: Partial<Record<z.core.$ZodTypeDef['type'], string>> = {
  bigint: 'z.int(), or a text (in an answer z.codec(z.bigint(), z.string(), …))',
  custom: 'a schema of what it is',
  file: 'z.string()',
  function: 'a schema of what it returns',
  map: 'z.record()',
  nan: 'z.number()',
  promise: 'a schema of what it resolves to',
  set: 'z.array()',
  symbol: 'z.enum()',
  transform: '.pipe() with a schema of what the function returns',
  undefined: '.optional()',
  void: '.optional()',
}

function problemOf(schema: z.core.$ZodType, direction: Direction): string | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod
  const replacement = replacements[def.type]
  if (replacement && !isCoerced(def, direction) && !isDescribedByHand(schema))
    return `is of the type ${def.type}, which JSON does not have: use ${replacement}`
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- The others have nothing to look at.
  switch (def.type) {
    case 'date':
      if (direction === 'output' || isCoerced(def, direction)) return undefined
      return 'is of the type date, which no request can hold: use z.iso.datetime(), or z.coerce.date()'
    case 'literal':
      if (def.values.every(isJson)) return undefined
      return 'is a literal that JSON does not have: use a text, a number, a boolean or null'
    case 'lazy':
      return isAnything(schema, direction)
        ? 'is lazy about any value, which the document cannot describe: use z.unknown()'
        : undefined
    case 'array':
      return isOptional(def.element, direction) ? leftOut : undefined
    case 'tuple':
      return [...def.items, def.rest].some((item) => item && isOptional(item, direction))
        ? leftOut
        : undefined
    default:
      return undefined
  }
}

const leftOut = 'has items that may be left out, which JSON writes as null: use .nullable()'

const isCoerced = (def: object, direction: Direction): boolean =>
  direction === 'input' && 'coerce' in def && def.coerce === true

/** The author of such a schema answers for both, its values and its description. */
const isDescribedByHand = (schema: z.core.$ZodType): boolean =>
  ['custom', 'transform'].includes((schema as z.core.$ZodTypes)._zod.def.type) &&
  z.globalRegistry.get(schema)?.['override'] !== undefined

/** Only what may leave an answer matters: JSON.parse makes no undefined. */
const isOptional = (schema: z.core.$ZodType, direction: Direction): boolean =>
  direction === 'output' && schema._zod.optout === 'optional'

/** Whether nothing but wrappers stands around `z.unknown()`. */
function isAnything(schema: z.core.$ZodType, direction: Direction): boolean {
  const { type } = (schema as z.core.$ZodTypes)._zod.def
  if (type === 'unknown' || type === 'any') return true
  if (!wrappers.includes(type)) return false
  return partsOf(schema, direction).every(([, part]) => isAnything(part, direction))
}

const wrappers = ['lazy', 'optional', 'nonoptional', 'prefault', 'catch', 'pipe']

const isJson = (value: unknown): boolean =>
  value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)

type Part = readonly [name: string, schema: z.core.$ZodType]

function partsOf(schema: z.core.$ZodType, direction: Direction): Part[] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- The others hold no schema.
  switch (def.type) {
    case 'object':
      return [
        ...Object.entries(def.shape),
        ...(def.catchall ? [['*', def.catchall] as const] : []),
      ].map(([name, part]) => [`/${name}`, part])
    case 'array':
      return [['/*', def.element]]
    case 'tuple':
      return [
        ...def.items.map((item, index): Part => [`/${index}`, item]),
        ...(def.rest ? [['/*', def.rest] as const] : []),
      ]
    case 'record':
      return [['/*', def.valueType]]
    case 'union':
      return def.options.map((option) => ['', option])
    case 'intersection':
      return [
        ['', def.left],
        ['', def.right],
      ]
    case 'pipe':
      return [['', sideOf(def, direction)]]
    case 'lazy':
      return [['', def.getter()]]
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
      return [['', def.innerType]]
    default:
      return []
  }
}

/** The input of `z.preprocess` can be anything; the document describes the schema behind it. */
function sideOf({ in: taken, out: made }: z.core.$ZodPipeDef, direction: Direction) {
  const isPreprocessed = (taken as z.core.$ZodTypes)._zod.def.type === 'transform'
  return direction === 'output' || isPreprocessed ? made : taken
}
