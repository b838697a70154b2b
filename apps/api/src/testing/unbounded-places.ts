import type { z } from 'zod'

/** As much as is read of the definition of a schema or of a check. */
interface Definition {
  type?: string
  check?: string
  abort?: boolean
  in?: z.core.$ZodType
  out?: z.core.$ZodType
  innerType?: z.core.$ZodType
  checks?: readonly { _zod: { def: Definition } }[]
}

/**
 * The places in a schema where a text is transformed or refined before its length is checked, and
 * those of an array without a most. The length of a text counts only if it aborts: without that Zod
 * goes on to the next check. Zod checks the length of an array before its items.
 */
export function unboundedPlaces(schema: z.core.$ZodType, place = ''): string[] {
  const definition = definitionOf(schema)
  const isOpen = (worksOnText(definition) && !isBounded(schema)) || isEndless(definition)
  const here = isOpen ? [place || '/'] : []
  return [...here, ...innerOf(definition).flatMap(([name, inner]) => visit(name, inner))]

  function visit(name: string, inner: z.core.$ZodType): string[] {
    return unboundedPlaces(inner, wrappers.includes(name) ? place : `${place}/${name}`)
  }
}

const definitionOf = (schema: z.core.$ZodType): Definition => schema._zod.def

/** Members of a definition that stand for the same place as the schema itself. */
const wrappers = ['in', 'out', 'innerType']

/** Checks that cost more than one look at each character. */
const works = ['custom', 'overwrite']

function worksOnText(definition: Definition): boolean {
  const { type, checks = [], out } = definition
  const transforms = type === 'pipe' && out !== undefined && definitionOf(out).type === 'transform'
  const isText = textOf(definition) !== undefined
  return isText && (transforms || checks.some(({ _zod }) => works.includes(_zod.def.check ?? '')))
}

/** The text that a schema begins with, inside of whatever is around it. */
function textOf(definition: Definition): Definition | undefined {
  if (definition.type === 'string') return definition
  const inner = definition.innerType ?? definition.in
  return inner && textOf(definitionOf(inner))
}

function isBounded(schema: z.core.$ZodType): boolean {
  const checks = (textOf(definitionOf(schema))?.checks ?? []).map(({ _zod }) => _zod.def)
  const bound = checks.findIndex(({ check, abort }) => check === 'max_length' && abort === true)
  const work = checks.findIndex(({ check = '' }) => works.includes(check))
  return bound !== -1 && (work === -1 || bound < work)
}

const isEndless = ({ type, checks = [] }: Definition): boolean =>
  type === 'array' && !checks.some(({ _zod }) => _zod.def.check === 'max_length')

/** Every schema in a definition, by the name under which it stands there. */
function innerOf(definition: object): [string, z.core.$ZodType][] {
  const shape: object = 'shape' in definition ? (definition.shape as object) : {}
  return [...Object.entries(definition), ...Object.entries(shape)].flatMap(([name, value]) =>
    [value]
      .flat()
      .filter(isSchema)
      .map((inner): [string, z.core.$ZodType] => [name, inner]),
  )
}

const isSchema = (value: unknown): value is z.core.$ZodType =>
  typeof value === 'object' && value !== null && '_zod' in value && 'run' in Object(value._zod)
