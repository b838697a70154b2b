import type { Model, Relation } from './soft-delete.models.ts'
import { each, isFields, live, visible, type Fields } from './soft-delete.where.ts'

/** The data of a write, in which relations reach no deleted row, and a nested delete marks. */
export function visibleData(model: Model, data: Fields): Fields {
  if (!model.reachesDeleted) return data
  let changed: Fields | undefined
  for (const [field, value] of Object.entries(data)) {
    const relation = model.relations.get(field)
    if (relation?.target.reachesDeleted && isFields(value))
      (changed ??= { ...data })[field] = nestedWrites(relation, value)
  }
  return changed ?? data
}

/** Prisma runs the operations in their order, so it stays. */
function nestedWrites(relation: Relation, writes: Fields): Fields {
  const result: Fields = {}
  for (const [operation, value] of Object.entries(writes)) {
    if (value === undefined || value === false) continue
    const [name, rewritten] = nestedWrite(relation, operation, value)
    result[name] = name in result ? [result[name], rewritten].flat() : rewritten
  }
  return result
}

function nestedWrite(
  relation: Relation,
  operation: string,
  value: unknown,
): [operation: string, value: unknown] {
  const { target } = relation
  const visibleOnes = () => each(value, (where) => visible(target, where))
  switch (operation) {
    case 'create':
      return [operation, each(value, (data) => visibleData(target, data))]
    case 'connect':
    case 'disconnect':
    case 'set':
      return [operation, visibleOnes()]
    case 'delete':
      // `true` is Prisma's word for the one that there is.
      if (target.softDeletes)
        return ['update', each(value === true ? live : visibleOnes(), marking)]
      return [operation, visibleOnes()]
    case 'deleteMany':
      if (target.softDeletes) return ['updateMany', each(visibleOnes(), marking)]
      return [operation, visibleOnes()]
    case 'connectOrCreate':
    case 'updateMany':
    case 'upsert':
      return [operation, each(value, (write) => visibleWrite(target, write))]
    case 'update':
      return [operation, each(value, (write) => visibleWrite(target, fullUpdate(relation, write)))]
    default:
      return [operation, value]
  }
}

/** For the members that a nested write can have. */
function visibleWrite(target: Model, write: Fields): Fields {
  const result = { ...write }
  for (const member of ['create', 'update', 'data'])
    if (isFields(write[member])) result[member] = visibleData(target, write[member])
  if (isFields(write['where']) || target.softDeletes)
    result['where'] = visible(target, write['where'] as Fields | undefined)
  return result
}

/** Prisma takes the data alone where there is one row only. */
function fullUpdate({ kind, target }: Relation, write: Fields): Fields {
  const isFull =
    isFields(write['data']) && Object.keys(write).every((key) => updateMembers.has(key))
  if (kind === 'list' || isFull) return write
  return { data: write, ...(target.softDeletes && { where: live }) }
}

const updateMembers = new Set(['where', 'data'])

const marking = (where: Fields) => ({ where, data: { deletedAt: new Date() } })
