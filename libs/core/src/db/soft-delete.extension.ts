import { Prisma } from './generated/client.ts'

/** Spread into a `where`: deleted rows count as well. */
export const withDeleted = { deletedAt: {} } as const

/** Spread into a `where`: only deleted rows count. */
export const onlyDeleted = { deletedAt: { not: null } } as const

const declaresSoftDelete = (model: string) => {
  const fields = (Prisma as unknown as Record<string, object | undefined>)[
    `${model}ScalarFieldEnum`
  ]
  return fields !== undefined && 'deletedAt' in fields
}

/** Models whose schema has a `deletedAt`. */
const softDeleteModels = Object.values(Prisma.ModelName).filter(declaresSoftDelete)

/** Operations that pick rows by a `where` of their own model. */
const filtered = new Set([
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
  'count',
  'aggregate',
  'groupBy',
  'update',
  'updateMany',
  'updateManyAndReturn',
  'upsert',
])

type Where = Record<string, unknown>

/** Adds `deletedAt: null` to every `where` that does not speak of `deletedAt` itself. */
export const hideDeleted = Prisma.defineExtension({
  name: 'hide-deleted',
  query: {
    $allModels: {
      $allOperations({ model, operation, args, query }) {
        if (!filtered.has(operation) || !declaresSoftDelete(model)) return query(args)
        const { where, ...rest } = (args ?? {}) as { where?: Where }
        const visible = where?.['deletedAt'] === undefined ? { ...where, deletedAt: null } : where
        return query({ ...rest, where: visible })
      },
    },
  },
})

/** What the methods below need of a model; Prisma hands the model of the transaction at hand. */
interface Updatable {
  update(args: { where: Where; data: Where }): Promise<unknown>
  updateMany(args: { where?: Where; limit?: number; data: Where }): Promise<unknown>
}

const marking = {
  delete(this: unknown, { where, ...rest }: { where: Where }) {
    return modelOf(this).update({ ...rest, where, data: { deletedAt: new Date() } })
  },
  deleteMany(this: unknown, args?: { where?: Where; limit?: number }) {
    return modelOf(this).updateMany({ ...args, data: { deletedAt: new Date() } })
  },
}

const restoring = {
  /**
   * Brings a deleted row back. Throws not-found when there is no such deleted row, and a conflict when a unique value was taken meanwhile.
   */
  restore<T>(
    this: T,
    { where }: { where: Prisma.Args<T, 'update'>['where'] },
  ): Promise<Prisma.Result<T, object, 'update'>> {
    return modelOf(this).update({
      where: { ...(where as Where), ...onlyDeleted },
      data: { deletedAt: null },
    }) as Promise<Prisma.Result<T, object, 'update'>>
  },
}

/** `delete` and `deleteMany` mark rows of the models that declare it; `restore` brings one back. */
export const softDelete = Prisma.defineExtension({
  name: 'soft-delete',
  model: {
    $allModels: restoring,
    // The built-in signatures stay, so that only the behaviour of these models changes.
    ...(Object.fromEntries(
      softDeleteModels.map((model) => [uncapitalize(model), marking]),
    ) as object),
  },
})

const modelOf = (self: unknown) => Prisma.getExtensionContext(self) as unknown as Updatable

function uncapitalize(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
