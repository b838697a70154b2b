import { readFlag, type ListField, type Operator, type Reading } from './fields.ts'
import type { ListFault } from './list-fault.ts'
import type { FilterItem, FilterValue } from './parse-filters.ts'

type Fields = ReadonlyMap<string, ListField>

/** Turns what was read into conditions for Prisma, all of which must hold. */
export function toConditions(items: readonly FilterItem[], fields: Fields) {
  const faults: ListFault[] = []
  const conditions = items.map(conditionOf).filter((condition) => condition !== undefined)
  return { conditions, faults }

  function conditionOf({ field: name, operator, values, isList }: FilterItem): object | undefined {
    const field = fields.get(name.text)
    if (!field)
      return fault(name, 'unknown_field', `Filters by ${[...fields.keys()].join(', ')} only.`)
    const wanted = isList ? 'any' : (operator?.text ?? 'eq')
    if (!isOperator(wanted, operator, field))
      return fault(operator ?? name, 'unknown_operator', `Takes ${spellingsOf(field)} only.`)
    const operands = readAll(values, wanted === 'null' ? readFlag : field.read)
    return operands && compare(name.text, field, wanted, operands.filter(fitsInto(field)))
  }

  function readAll(
    values: readonly FilterValue[],
    read: (text: string) => Reading,
  ): unknown[] | undefined {
    const operands: unknown[] = []
    for (const value of values) {
      const reading = read(value.text)
      if ('fault' in reading) fault(value, reading.code, `${reading.fault}.`)
      else operands.push(reading.value)
    }
    return operands.length === values.length ? operands : undefined
  }

  function fault({ position }: FilterValue, code: string, detail: string): undefined {
    faults.push({ position, code, detail })
  }
}

/** `eq` and `any` have no name in the grammar. */
const isOperator = (
  wanted: string,
  written: FilterValue | undefined,
  field: ListField,
): wanted is Operator =>
  field.operators.includes(wanted as Operator) &&
  (written === undefined || (wanted !== 'eq' && wanted !== 'any'))

/** How a field may be asked for, in the words of the grammar. */
export const spellingsOf = ({ operators }: ListField): string =>
  operators.map((operator) => spellings[operator] ?? operator).join(', ')

const spellings: Partial<Record<Operator, string>> = { eq: 'value', any: '[value,…]' }

function compare(
  name: string,
  field: ListField,
  operator: Operator,
  operands: readonly unknown[],
): object {
  const [operand] = operands
  switch (operator) {
    case 'eq':
    case 'any':
      return { [name]: isAnyOf(field, operands) }
    case 'ne':
      return differs(name, field, operands)
    case 'like':
      return { [name]: operand === undefined ? { in: [] } : contains(operand as string) }
    case 'null':
      return { [name]: operand === true ? null : { not: null } }
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return { [name]: { [operator]: operand } }
  }
}

/** Without regard to case, Prisma compares `lower(…)` for `in`, which an index can serve, and writes ILIKE for `equals`, which none can. */
function isAnyOf({ ignoreCase }: ListField, values: readonly unknown[]): object {
  if (ignoreCase) return { in: values, mode: 'insensitive' }
  return values.length === 1 ? { equals: values[0] } : { in: values }
}

/** A field without a value differs from every value. */
function differs(name: string, field: ListField, values: readonly unknown[]): object {
  const other = { NOT: { [name]: isAnyOf(field, values) } }
  return field.nullable ? { OR: [other, { [name]: null }] } : other
}

/**
 * A text that is longer than its column is in no row. PostgreSQL would turn it into lower case for
 * each row: 1,900 characters cost 26 times as much as one. Twice the length, because case and
 * UTF-16 count up to two for one character.
 */
const fitsInto =
  ({ maxLength = Infinity }: ListField) =>
  (value: unknown): boolean =>
    typeof value !== 'string' || value.length <= 2 * maxLength

const contains = (text: string) => ({ contains: literally(text), mode: 'insensitive' })

/** Prisma leaves `%` and `_` their meaning in `contains`. */
const literally = (text: string): string => text.replace(/[\\%_]/g, '\\$&')
