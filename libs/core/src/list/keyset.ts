import type { ListField } from './fields.ts'
import type { SortItem } from './parse-sort.ts'

/** One field of an order, with what it needs to be compared. */
export interface SortKey extends SortItem {
  column: ListField
}

/**
 * The rows behind the one with these values, as conditions to be asked one after the other: what the first finds comes before what the next
 * finds. Where many rows share a value, an index serves "the same value, and further" and "another value" each by itself, but not both at once.
 */
export function after(keys: readonly SortKey[], values: readonly unknown[]): object[] {
  const [key, ...otherKeys] = keys as [SortKey, ...SortKey[]]
  const [value, ...otherValues] = values
  if (!sharesValues(key.column)) return [afterDistinct(keys, values)]
  const same = { [key.field]: value }
  const further = otherKeys.length > 0 ? after(otherKeys, otherValues) : []
  return [...further.map((condition) => ({ AND: [same, condition] })), ...beyond(key, value)]
}

/** Whether a great part of all rows may have one value, null included. */
export const sharesValues = ({ values, nullable }: ListField): boolean =>
  values !== undefined || nullable

/** The first condition says again what the others say, in the form that lets PostgreSQL begin in the middle of an index. */
function afterDistinct(keys: readonly SortKey[], values: readonly unknown[]): object {
  const { field, direction } = keys[0]!
  const fromFirst = { [field]: { [direction === 'asc' ? 'gte' : 'lte']: values[0] } }
  const options = keys.flatMap((key, index) => {
    const same = keys.slice(0, index).map((earlier, at) => ({ [earlier.field]: values[at] }))
    return beyond(key, values[index]).map((condition) => ({ AND: [...same, condition] }))
  })
  return { AND: [fromFirst, { OR: options }] }
}

/** Another value that comes later: none, one or several conditions, in the order of the rows. PostgreSQL sorts null as the greatest value. */
function beyond({ field, direction, column }: SortKey, value: unknown): object[] {
  if (value === null) return direction === 'asc' ? [] : [{ [field]: { not: null } }]
  const later = column.values
    ? beyondListed(column.values, direction, value).map((each) => ({ [field]: each }))
    : [{ [field]: { [direction === 'asc' ? 'gt' : 'lt']: value } }]
  return column.nullable && direction === 'asc' ? [...later, { [field]: null }] : later
}

/** Prisma compares neither enums nor booleans, but there are few values and their order is known. */
function beyondListed(
  values: readonly unknown[],
  direction: 'asc' | 'desc',
  value: unknown,
): unknown[] {
  const place = values.indexOf(value)
  return direction === 'asc' ? values.slice(place + 1) : values.slice(0, place).reverse()
}
