import type { Model, Relation } from './soft-delete.models.ts'

export type Fields = Record<string, unknown>

/** Spread into a `where`: deleted rows count as well. */
export const withDeleted = { deletedAt: {} } as const

/** Spread into a `where`: only deleted rows count. */
export const onlyDeleted = { deletedAt: { not: null } } as const

export const live = { deletedAt: null } as const

/** The conditions of the caller, over rows that are not deleted unless they speak of `deletedAt` themselves. */
export function visible(model: Model, where: Fields = {}): Fields {
  const conditions = throughRelations(model, where)
  return model.softDeletes && !speaksOfDeletion(where) ? { ...conditions, ...live } : conditions
}

/** The same conditions, in which relations lead to rows that are not deleted. Says nothing of the rows themselves. */
export function throughRelations(model: Model, where: Fields): Fields {
  if (!model.reachesDeleted) return where
  let changed: Fields | undefined
  for (const [key, value] of Object.entries(where)) {
    if (!isFields(value) && value !== null) continue
    const relation = model.relations.get(key)
    if (relation) (changed ??= { ...where })[key] = conditionsOn(relation, value)
    else if (logical.has(key))
      (changed ??= { ...where })[key] = each(value, (part) => throughRelations(model, part))
  }
  return changed ?? where
}

/** `each([a, b], change)` and `each(a, change)`: Prisma takes one or many. What is no object stays as it is. */
export const each = (value: unknown, change: (part: Fields) => unknown): unknown =>
  Array.isArray(value)
    ? value.map((part: unknown) => (isFields(part) ? change(part) : part))
    : isFields(value)
      ? change(value)
      : value

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null

const logical = new Set(['AND', 'OR', 'NOT'])

const speaksOfDeletion = (where: Fields) => where['deletedAt'] !== undefined

function conditionsOn({ target, kind }: Relation, value: Fields | null): Fields | null {
  return kind === 'list' ? onMany(target, value ?? {}) : onOne(target, value)
}

function onMany(target: Model, { every, ...others }: Fields): Fields {
  const conditions: Fields = {}
  for (const [quantifier, where] of Object.entries(others))
    conditions[quantifier] = isFields(where) ? visible(target, where) : where
  if (isFields(every)) conditions['every'] = everyVisible(target, every)
  return conditions
}

/** Deleted rows must not break the rule for every row. */
function everyVisible(target: Model, where: Fields): Fields {
  const conditions = visible(target, where)
  return target.softDeletes && !speaksOfDeletion(where)
    ? { OR: [onlyDeleted, conditions] }
    : conditions
}

/** A deleted target is as good as none. */
function onOne(target: Model, value: Fields | null): Fields | null {
  if (value === null) return target.softDeletes ? { isNot: live } : null
  if (!('is' in value) && !('isNot' in value)) return { is: visible(target, value) }
  const conditions: Fields = {}
  if (isFields(value['is'])) conditions['is'] = visible(target, value['is'])
  if (isFields(value['isNot'])) conditions['isNot'] = visible(target, value['isNot'])
  if (!target.softDeletes) return { ...value, ...conditions }
  // Having none is being no other, and being one is having one: what is said already says it.
  if (value['is'] === null) conditions['isNot'] = live
  if (value['isNot'] === null) conditions['is'] ??= live
  return conditions
}
