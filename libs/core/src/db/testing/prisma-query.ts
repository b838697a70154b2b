import { onlyDeleted, withDeleted } from '../soft-delete.where.ts'
import {
  isRequired,
  relationOf,
  relationsOf,
  softDeletes,
  type Condition,
  type ModelName,
  type Order,
  type Query,
  type Selection,
  type Where,
} from './query.ts'

/** The query as somebody would write it for Prisma. */
export function prismaArgs(model: ModelName, { where, order, take, selection }: Query): object {
  return {
    where: prismaWhere(model, where),
    orderBy: prismaOrder(order),
    ...(take !== undefined && { take }),
    ...prismaSelection(model, selection),
  }
}

export function prismaWhere(model: ModelName, { parts, deleted }: Where): object {
  const [first, ...others] = parts.map(prismaCondition)
  const scope = { hidden: {}, with: withDeleted, only: onlyDeleted }[deleted]
  return {
    ...(first ?? {}),
    ...(others.length > 0 && { AND: [...('AND' in (first ?? {}) ? [first] : []), ...others] }),
    ...(softDeletes(model) && scope),
  }

  function prismaCondition(condition: Condition): object {
    switch (condition.kind) {
      case 'AND':
      case 'OR':
      case 'NOT':
        return { [condition.kind]: condition.parts.map(prismaCondition) }
      case 'name':
        return { name: condition.name }
      case 'age':
        return { age: { [condition.operator]: condition.age } }
      case 'ageless':
        return { age: null }
      case 'many': {
        const { field, quantifier, where } = condition
        return { [field]: { [quantifier]: prismaWhere(relationOf(model, field).to, where) } }
      }
      case 'one': {
        const { field, operator, where } = condition
        const inner = prismaWhere(relationOf(model, field).to, where)
        return { [field]: operator === 'plain' ? inner : { [operator]: inner } }
      }
      case 'absence': {
        const { field, operator } = condition
        return { [field]: operator === 'plain' ? null : { [operator]: null } }
      }
    }
  }
}

const prismaOrder = (order: Order[]): object[] => [
  ...order.map(({ kind, field, direction }) => ({
    [field]: { field: direction, one: { name: direction }, count: { _count: direction } }[kind],
  })),
  { id: 'asc' },
]

function prismaSelection(model: ModelName, { form, relations, counts }: Selection): object {
  const chosen: Record<string, unknown> = {}
  for (const { field, query } of relations)
    chosen[field] =
      query === 'all'
        ? true
        : relationOf(model, field).many
          ? prismaArgs(relationOf(model, field).to, query)
          : {
              ...prismaSelection(relationOf(model, field).to, query.selection),
              ...(!isRequired(model, field) && {
                where: prismaWhere(relationOf(model, field).to, query.where),
              }),
            }
  if (counts === 'all') chosen['_count'] = true
  else if (counts !== 'none' && counts.length > 0)
    chosen['_count'] = {
      select: Object.fromEntries(
        counts.map(({ field, where }) => [
          field,
          where === 'all' ? true : { where: prismaWhere(relationOf(model, field).to, where) },
        ]),
      ),
    }
  if (form === 'select') return { select: { id: true, name: true, age: true, ...chosen } }
  const omit = form === 'omit' && softDeletes(model) ? { omit: { deletedAt: true } } : {}
  return Object.keys(chosen).length > 0 ? { include: chosen, ...omit } : omit
}

/** What of an answer is compared: `id`, `name`, `age`, and what was asked through relations. */
export function comparable(model: ModelName, answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map((row) => comparable(model, row))
  if (typeof answer !== 'object' || answer === null) return answer
  const row: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(answer))
    if (relationsOf[model][key]) row[key] = comparable(relationOf(model, key).to, value)
    else if (['id', 'name', 'age', '_count'].includes(key)) row[key] = value
  return row
}
