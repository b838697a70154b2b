import { refuseHiddenOrder } from './soft-delete.order.ts'
import type { Model, Relation } from './soft-delete.models.ts'
import { each, isFields, live, visible, type Fields } from './soft-delete.where.ts'

/** What is left to do with an answer, because Prisma takes no condition on a required relation. */
export interface Absence {
  /** Answer null in place of a deleted row. */
  hidesDeleted: boolean
  /** `deletedAt` was read for that alone. */
  dropsDeletedAt: boolean
  below: Absences
}

export type Absences = Map<string, Absence>

interface Selected {
  args: Fields
  absences: Absences
}

const nothing: Absences = new Map()

/** The same `select`, `include` and `orderBy`, over rows that are not deleted. */
export function visibleSelection(model: Model, args: Fields): Selected {
  if (!model.reachesDeleted) return { args, absences: nothing }
  if (args['orderBy']) refuseHiddenOrder(model, args['orderBy'], args['where'])
  const key = isFields(args['select']) ? 'select' : 'include'
  const chosen = args[key]
  if (!isFields(chosen)) return { args, absences: nothing }
  let changed: Fields | undefined
  const absences: Absences = new Map()
  for (const [field, value] of Object.entries(chosen)) {
    if (value !== true && !isFields(value)) continue
    const relation = model.relations.get(field)
    if (relation?.target.reachesDeleted) {
      const [selected, absence] = selectRelation(relation, value)
      ;(changed ??= { ...chosen })[field] = selected
      if (absence.hidesDeleted || absence.below.size > 0) absences.set(field, absence)
    } else if (field === '_count') (changed ??= { ...chosen })[field] = counts(model, value)
  }
  return { args: changed ? { ...args, [key]: changed } : args, absences }
}

/** The answer, without the rows that Prisma could not leave out. */
export function withoutDeleted(answer: unknown, absences: Absences): unknown {
  if (Array.isArray(answer)) return answer.map((row) => withoutDeleted(row, absences))
  if (!isFields(answer)) return answer
  const row = { ...answer }
  for (const [field, absence] of absences) row[field] = settle(row[field], absence)
  return row
}

/** As {@link withoutDeleted}, for what was read through one relation. */
export function settle(answer: unknown, { hidesDeleted, dropsDeletedAt, below }: Absence): unknown {
  if (Array.isArray(answer) || !isFields(answer)) return withoutDeleted(answer, below)
  if (hidesDeleted && answer['deletedAt'] !== null) return null
  const row = withoutDeleted(answer, below) as Fields
  if (dropsDeletedAt) delete row['deletedAt']
  return row
}

function selectRelation(
  { target, kind }: Relation,
  value: Fields | true,
): [selected: unknown, Absence] {
  const given = value === true ? {} : value
  const { args, absences: below } = visibleSelection(target, given)
  if (kind !== 'required') {
    const where = visible(target, isFields(given['where']) ? given['where'] : {})
    return [
      { ...args, where },
      { hidesDeleted: false, dropsDeletedAt: false, below },
    ]
  }
  if (!target.softDeletes)
    return [value === true ? value : args, { hidesDeleted: false, dropsDeletedAt: false, below }]
  const { select, omit, ...rest } = args
  const reads = isFields(select) ? select['deletedAt'] === true : !isOmitted(omit)
  const reading = isFields(select)
    ? { select: { ...select, deletedAt: true } }
    : { omit: { ...(omit as Fields | undefined), deletedAt: false } }
  return [
    { ...rest, ...reading },
    { hidesDeleted: true, dropsDeletedAt: !reads, below },
  ]
}

const isOmitted = (omit: unknown) => isFields(omit) && omit['deletedAt'] === true

function counts(model: Model, value: Fields | true): unknown {
  const lists = [...model.relations].filter(([, { kind }]) => kind === 'list')
  const asked =
    value !== true && isFields(value['select'])
      ? value['select']
      : Object.fromEntries(lists.map(([field]) => [field, true]))
  const select = { ...asked }
  for (const [field, { target }] of lists) {
    if (select[field] === true && target.softDeletes) select[field] = { where: live }
    else
      select[field] = each(select[field], ({ where }) => ({
        where: visible(target, where as Fields | undefined),
      }))
  }
  return { select }
}
