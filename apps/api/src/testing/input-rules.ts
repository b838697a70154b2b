import type { z } from 'zod'

/** Formats that the type of a column already holds: `uuid` and `timestamptz`. */
const formatsOfColumns = ['guid', 'datetime', 'safeint']

/**
 * Finds what a stored row may break in the schema of an answer: each place, and the rule there.
 * `knownEnums` are the values of the enums that the database knows.
 */
export function findInputRules(
  schema: z.core.$ZodType,
  knownEnums: readonly string[],
  place = '',
): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  const rules = [...rulesOf(def), ...(isOpenToChange(def, knownEnums) ? ['enum'] : [])]
  const inner = partsOf(def).flatMap(([name, part]) =>
    findInputRules(part, knownEnums, `${place}/${name}`),
  )
  return [...rules.map((rule) => `${place} ${rule}`), ...inner]
}

type Def = z.core.$ZodTypes['_zod']['def']

function rulesOf(def: Def): string[] {
  const own = 'format' in def ? [def.format as string] : []
  const added = (def.checks ?? []).map(({ _zod: { def } }) =>
    'format' in def ? (def.format as string) : def.check,
  )
  const changes = ['pipe', 'transform', 'default', 'prefault', 'catch', 'custom', 'lazy']
  return [
    ...[...own, ...added].filter((rule) => !formatsOfColumns.includes(rule)),
    ...(changes.includes(def.type) ? [def.type] : []),
  ]
}

/** An enum of the database cannot hold another value; a text can. */
function isOpenToChange(def: Def, knownEnums: readonly string[]): boolean {
  if (def.type !== 'enum') return false
  return !knownEnums.includes(Object.values(def.entries).sort().join())
}

function partsOf(def: Def): (readonly [name: string, z.core.$ZodType])[] {
  if (def.type === 'object') return Object.entries(def.shape)
  if (def.type === 'array') return [['*', def.element]]
  if (def.type === 'record') return [['*', def.valueType]]
  if (def.type === 'union') return def.options.map((option, index) => [`${index}`, option])
  if ('innerType' in def) return [['', def.innerType]]
  return []
}
