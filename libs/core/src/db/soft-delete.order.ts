import type { Model } from './soft-delete.models.ts'
import { isFields, type Fields } from './soft-delete.where.ts'

/**
 * Refuses an order that deleted rows would take part in, because Prisma cannot leave them out of it: by how many rows a relation has, and by a
 * field of a relation whose target may be deleted. It may not where the conditions ask for one that is there.
 */
export function refuseHiddenOrder(model: Model, orderBy: unknown, where: unknown): void {
  for (const order of [orderBy].flat()) {
    if (!isFields(order)) continue
    for (const [field, value] of Object.entries(order)) {
      const relation = model.relations.get(field)
      if (!relation?.target.reachesDeleted || !isFields(value)) continue
      const { target, kind } = relation
      if (kind === 'list') {
        if (target.softDeletes) throw uncountable(model, field)
        continue
      }
      const demanded = isFields(where) ? demandOf(where[field]) : undefined
      if (target.softDeletes && !demanded) throw mayBeDeleted(model, field)
      refuseHiddenOrder(target, value, demanded)
    }
  }
}

/** The conditions on a row that must be there, if any are. */
function demandOf(condition: unknown): Fields | undefined {
  if (!isFields(condition)) return undefined
  if ('is' in condition || 'isNot' in condition)
    return isFields(condition['is']) ? condition['is'] : undefined
  return condition
}

const uncountable = ({ name }: Model, field: string) =>
  new Error(
    `${name} cannot be ordered by the number of "${field}": Prisma would count deleted rows. Order by a column that holds the number, or write SQL.`,
  )

const mayBeDeleted = ({ name }: Model, field: string) =>
  new Error(
    `${name} cannot be ordered by "${field}", which may be deleted. Ask for one that is not: where: { ${field}: { is: {} } }.`,
  )
