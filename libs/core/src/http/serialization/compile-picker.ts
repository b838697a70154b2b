import { z } from 'zod'

/** Takes out of a value what a schema names. Returns {@link misfit} where the value is of another kind. */
export type Picker = (value: unknown) => unknown

/** Stands for a value that a picker cannot vouch for. */
export const misfit = Symbol('misfit')

/**
 * Compiles an allow-list. A picker looks at the kind of each value and not at its content (the format of a text, the range of a number):
 * content decides nothing about what may leave. Undefined for a schema that changes values or chooses by their content; what it
 * describes has to be parsed.
 */
export function compilePicker(schema: z.core.$ZodType): Picker | undefined {
  // What holds itself has no end to compile.
  if (beingCompiled.has(schema)) return undefined
  beingCompiled.add(schema)
  try {
    return compile(schema)
  } finally {
    beingCompiled.delete(schema)
  }
}

const beingCompiled = new Set<z.core.$ZodType>()

function compile(schema: z.core.$ZodType): Picker | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (changesValues(def)) return undefined
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- What is not named here is parsed.
  switch (def.type) {
    case 'string':
      return ofKind((value) => typeof value === 'string')
    case 'number':
      return ofKind(numberOf(formatsOf(def)))
    case 'boolean':
      return ofKind((value) => typeof value === 'boolean')
    case 'date':
      return ofKind((value) => value instanceof Date && !Number.isNaN(value.getTime()))
    case 'null':
      return ofKind((value) => value === null)
    case 'any':
    case 'unknown':
      // Whether a member may be left out is not for a picker to say.
      return ofKind((value) => value !== undefined)
    case 'literal':
      return oneOf(def.values)
    case 'enum':
      return oneOf(Object.values(def.entries))
    case 'readonly':
      return compilePicker(def.innerType)
    case 'optional':
      return except(undefined, def.innerType)
    case 'nullable':
      return except(null, def.innerType)
    case 'array':
      return pickItems(def.element)
    case 'record':
      return pickEntries(def.keyType, def.valueType)
    case 'object':
      return pickMembers(def.shape, def.catchall)
    case 'union':
      return pickOption(def)
    default:
      return undefined
  }
}

/** Coercion, `.trim()` and its like; an address loses the blanks around it. */
const changesValues = (def: z.core.$ZodTypes['_zod']['def']): boolean =>
  ('coerce' in def && def.coerce === true) ||
  ('format' in def && def.format === 'url') ||
  (def.checks ?? []).some(({ _zod: { def } }) => def.check === 'overwrite')

const ofKind =
  (fits: (value: unknown) => boolean): Picker =>
  (value) =>
    fits(value) ? value : misfit

/** `z.int()` is such a format by itself, `z.number().int()` has it as a check. */
const formatsOf = (def: z.core.$ZodNumberDef): z.core.$ZodNumberFormats[] =>
  [def, ...(def.checks ?? []).map((check) => check._zod.def)].flatMap((each) =>
    isNumberFormat(each) ? [each.format] : [],
  )

const isNumberFormat = (def: object): def is z.core.$ZodCheckNumberFormatDef =>
  'check' in def && def.check === 'number_format'

/**
 * The range of a format is its kind: the document calls it an integer. JSON has no NaN and no
 * infinity: they would leave as null.
 */
function numberOf(formats: readonly z.core.$ZodNumberFormats[]): (value: unknown) => boolean {
  if (formats.length === 0) return Number.isFinite
  const ranges = formats.map((format) => z.core.util.NUMBER_FORMAT_RANGES[format])
  const [least, most] = [
    Math.max(...ranges.map(([least]) => least)),
    Math.min(...ranges.map(([, most]) => most)),
  ]
  const isKind = formats.every((format) => format.startsWith('float'))
    ? Number.isFinite
    : Number.isInteger
  return (value) => isKind(value) && (value as number) >= least && (value as number) <= most
}

function oneOf(values: readonly unknown[]): Picker {
  const known = new Set(values)
  return ofKind((value) => known.has(value))
}

function except(exception: null | undefined, inner: z.core.$ZodType): Picker | undefined {
  const pick = compilePicker(inner)
  return pick && ((value) => (value === exception ? value : pick(value)))
}

function pickItems(element: z.core.$ZodType): Picker | undefined {
  const pick = compilePicker(element)
  if (!pick) return undefined
  return (value) => {
    if (!Array.isArray(value)) return misfit
    const picked = value.map(pick)
    return picked.includes(misfit) ? misfit : picked
  }
}

function pickEntries(key: z.core.$ZodType, value: z.core.$ZodType): Picker | undefined {
  const pick = compilePicker(value)
  const isAnyText = (key as z.core.$ZodTypes)._zod.def.type === 'string' && compilePicker(key)
  if (!pick || !isAnyText) return undefined
  return (entries) => {
    if (!isObject(entries) || !isPlain(entries)) return misfit
    const picked = Object.entries(entries).map(([name, value]) => [name, pick(value)] as const)
    return picked.some(([, value]) => value === misfit) ? misfit : Object.fromEntries(picked)
  }
}

function pickMembers(
  shape: Readonly<Record<string, z.core.$ZodType>>,
  catchall: z.core.$ZodType | undefined,
): Picker | undefined {
  // A strict object refuses what it does not name, a plain one leaves it out: either way it does not leave.
  if (catchall && (catchall as z.core.$ZodTypes)._zod.def.type !== 'never') return undefined
  const pickers: Picker[] = []
  for (const schema of Object.values(shape)) {
    const pick = compilePicker(schema)
    if (!pick) return undefined
    pickers.push(pick)
  }
  return writeLiteral(Object.keys(shape), pickers)
}

/**
 * Writes the code `return { "id": …, "name": … }` of one schema: a loop over names takes twice the time, because the engine cannot learn the
 * shape of what it makes. The names are the schema's, in quotes; nothing of a request comes near.
 */
function writeLiteral(names: readonly string[], pickers: readonly Picker[]): Picker | undefined {
  // In a literal this name would set the prototype.
  if (names.includes('__proto__')) return undefined
  const lines = names.map(
    (name, index) => `const m${index} = pickers[${index}](value[${JSON.stringify(name)}])
      if (m${index} === misfit) return misfit`,
  )
  const members = names.map((name, index) => `${JSON.stringify(name)}: m${index}`)
  const code = `return (value) => {
    if (!isObject(value)) return misfit
    ${lines.join('\n')}
    return { ${members.join(', ')} }
  }`
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- The reason stands above.
  const build = new Function('pickers', 'isObject', 'misfit', code) as (
    ...parts: [readonly Picker[], typeof isObject, typeof misfit]
  ) => Picker
  return build(pickers, isObject, misfit)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A date or a map has no entries to show; what comes from another realm is left to the parser. */
const isPlain = (value: object): boolean =>
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)

function pickOption(union: z.core.$ZodUnionDef): Picker | undefined {
  if ('discriminator' in union) return byMember(union as z.core.$ZodDiscriminatedUnionDef)
  // Which of several structures is meant may depend on content; of plain values, all that fit are the same.
  if (union.options.filter(isStructure).length > 1) return undefined
  const pickers = union.options.map(compilePicker)
  if (!pickers.every((pick) => pick !== undefined)) return undefined
  return (value) => {
    for (const pick of pickers) {
      const picked = pick(value)
      if (picked !== misfit) return picked
    }
    return misfit
  }
}

const plainKinds = ['string', 'number', 'boolean', 'date', 'null', 'literal', 'enum']

const isStructure = (schema: z.core.$ZodType): boolean =>
  !plainKinds.includes((schema as z.core.$ZodTypes)._zod.def.type)

function byMember({
  discriminator,
  options,
}: z.core.$ZodDiscriminatedUnionDef): Picker | undefined {
  const pickers = new Map<unknown, Picker>()
  for (const option of options) {
    const pick = compilePicker(option)
    const values = option._zod.propValues?.[discriminator]
    if (!pick || !values) return undefined
    for (const value of values) pickers.set(value, pick)
  }
  return (value) => (isObject(value) && pickers.get(value[discriminator])?.(value)) || misfit
}
