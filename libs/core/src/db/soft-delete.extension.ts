import { Prisma } from './generated/client.ts'
import { visibleData } from './soft-delete.data.ts'
import { readModels, type Model, type Relations } from './soft-delete.models.ts'
import { settle, visibleSelection, withoutDeleted, type Absences } from './soft-delete.selection.ts'
import { isFields, throughRelations, visible, type Fields } from './soft-delete.where.ts'

/** Deleted rows are in no answer, in no condition, and changed by no write, unless the `where` speaks of `deletedAt`. */
export function hideDeleted(relations: Relations) {
  const models = readModels(relations)
  return Prisma.defineExtension({
    name: 'hide-deleted',
    query: {
      $allModels: {
        async $allOperations(asked): Promise<unknown> {
          const model = models.get(asked.model)
          if (!model?.reachesDeleted) return asked.query(asked.args)
          const { args, absences } = visibleArgs(model, asked.operation, asked.args)
          const answer = await asked.query(args)
          return absences.size === 0 ? answer : hideIn(answer, absences, dataPathOf(asked))
        },
      },
    },
  })
}

// Real deletions: the methods that mark never come here.
const ofAnyRow = new Set(['delete', 'deleteMany'])
const withoutWhere = new Set(['create', 'createMany', 'createManyAndReturn'])

function visibleArgs(model: Model, operation: string, asked: Fields = {}) {
  const { args: selected, absences } = visibleSelection(model, asked)
  const args = { ...selected }
  for (const member of ['data', 'create', 'update'])
    // Rows of `createMany` have no relations.
    if (isFields(asked[member]) && !Array.isArray(asked[member]))
      args[member] = visibleData(model, asked[member])
  if (!withoutWhere.has(operation)) {
    const where = asked['where'] as Fields | undefined
    args['where'] = ofAnyRow.has(operation)
      ? throughRelations(model, where ?? {})
      : visible(model, where)
  }
  return { args, absences }
}

/**
 * What Prisma tells its extensions, but not their types: after `db.book.findUnique(…).author()` the answer is the author.
 */
function dataPathOf(asked: object): string[] {
  const { __internalParams: internal } = asked as { __internalParams?: { dataPath?: string[] } }
  return (internal?.dataPath ?? []).filter((_part, index) => index % 2 === 1)
}

function hideIn(answer: unknown, absences: Absences, [field, ...path]: string[]): unknown {
  if (field === undefined) return withoutDeleted(answer, absences)
  const absence = absences.get(field)
  if (!absence) return answer
  return path.length === 0 ? settle(answer, absence) : hideIn(answer, absence.below, path)
}
