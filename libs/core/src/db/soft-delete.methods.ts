import { deleteBatches, type BatchedTable, type BatchOptions } from './delete-in-batches.ts'
import { Prisma } from './generated/client.ts'
import type { Relations } from './soft-delete.models.ts'
import { onlyDeleted, type Fields } from './soft-delete.where.ts'

interface Table extends BatchedTable {
  $name: string
  $parent: Record<string, Table>
  update(args: { where: Fields; data: Fields }): Prisma.PrismaPromise<unknown>
  updateMany(args: { where?: Fields; limit?: number; data: Fields }): Prisma.PrismaPromise<unknown>
  delete: (this: unknown, args: { where: Fields }) => Prisma.PrismaPromise<unknown>
}

/** `Args` for a model that declares soft delete. */
type OfSoftDeleting<T, Args> = 'deletedAt' extends keyof Prisma.Result<T, object, 'update'>
  ? Args
  : never

type WhereUnique<T> = Prisma.Args<T, 'update'>['where']

/** The deleted row that `restore` brings back, and the changes with that. */
export interface RestoreOptions<T> {
  where: WhereUnique<T>
  /** The count of its changes, for one: a row that comes back is not as it was. */
  data?: Prisma.Args<T, 'update'>['data']
}

/** Which deleted rows `purgeDeleted` takes out of a table. */
export interface PurgeOptions<Where> {
  /** Rows that were deleted before. */
  before: Date
  /** Which of them, if not all. */
  where?: Where
  /** Ends it between two batches. */
  signal?: AbortSignal
}

const marking = {
  delete(this: unknown, { where, ...rest }: { where: Fields }) {
    return tableOf(this).update({ ...rest, where, data: { deletedAt: new Date() } })
  },
  deleteMany(this: unknown, args?: { where?: Fields; limit?: number }) {
    return tableOf(this).updateMany({ ...args, data: { deletedAt: new Date() } })
  },
}

function furtherOf(relations: Relations) {
  return {
    /**
     * Brings a deleted row back, and changes what `data` names. Throws not-found when there is no
     * such deleted row, and a conflict when a unique value was taken meanwhile.
     */
    restore<T>(
      this: T,
      options: OfSoftDeleting<T, RestoreOptions<T>>,
    ): Prisma.PrismaPromise<Prisma.Result<T, object, 'update'>> {
      const { where, data } = options as { where: Fields; data?: Fields }
      return tableOf(this).update({
        where: { ...where, ...onlyDeleted },
        data: { ...data, deletedAt: null },
      }) as Prisma.PrismaPromise<Prisma.Result<T, object, 'update'>>
    },

    /**
     * Takes a row out of the table, marked or not. Throws not-found when there is none, and a
     * conflict when rows that stay refer to it.
     */
    deletePermanently<T>(
      this: T,
      { where }: { where: WhereUnique<T> },
    ): Prisma.PrismaPromise<Prisma.Result<T, object, 'delete'>> {
      return unmarkedTableOf(this).delete({ where }) as Prisma.PrismaPromise<
        Prisma.Result<T, object, 'delete'>
      >
    },

    /**
     * Takes rows out of the table, marked or not, in one statement. Fails with a conflict when rows
     * that stay refer to one.
     */
    deleteManyPermanently<T>(
      this: T,
      { where }: { where: NonNullable<Prisma.Args<T, 'deleteMany'>['where']> },
    ): Prisma.PrismaPromise<{ count: number }> {
      return unmarkedTableOf(this).deleteMany({ where })
    },

    /**
     * Takes rows out of the table that were deleted long ago, batch by batch, and returns their
     * number. The table needs an index that begins with `deletedAt`.
     */
    async purgeDeleted<T>(
      this: T,
      options: OfSoftDeleting<T, PurgeOptions<Prisma.Args<T, 'deleteMany'>['where']>>,
    ): Promise<number> {
      const { before, where, signal } = options as PurgeOptions<Fields | undefined>
      const table = unmarkedTableOf(this)
      const wanted = { deletedAt: { lt: before }, AND: [where ?? {}] }
      return deleteBatches(table, keyOf(table), { where: wanted, by: 'deletedAt', signal })
    },

    /**
     * `deleteMany` of any number of rows, batch by batch, and returns their number. The work grows
     * with the rows that it deletes, and not with those that stay.
     */
    async deleteInBatches<T>(
      this: T,
      options: BatchOptions<NonNullable<Prisma.Args<T, 'deleteMany'>['where']>>,
    ): Promise<number> {
      const table = tableOf(this)
      return deleteBatches(table, keyOf(table), options)
    },
  }

  function keyOf({ $name }: Table): readonly string[] {
    return relations[$name]?.key ?? []
  }
}

/** `delete` and `deleteMany` mark rows of the models that declare it. The other methods bring marked rows back, or take them out. */
export function softDelete(relations: Relations) {
  const softDeleting = Object.keys(relations).filter((model) => relations[model]?.softDeletes)
  return Prisma.defineExtension({
    name: 'soft-delete',
    model: {
      $allModels: furtherOf(relations),
      // The built-in signatures stay, so that only the behaviour of these models changes.
      ...(Object.fromEntries(
        softDeleting.map((model) => [model.charAt(0).toLowerCase() + model.slice(1), marking]),
      ) as object),
    },
  })
}

const tableOf = (self: unknown) => Prisma.getExtensionContext(self) as unknown as Table

/** The model as it was before `delete` marked, on the same connection: an extended client knows the one that it extends. */
function unmarkedTableOf(self: unknown): Table {
  let table = tableOf(self)
  while (table.delete === marking.delete) table = parentOf(table)
  return table
}

function parentOf({ $parent, $name }: Table): Table {
  const parent = $parent[$name]
  if (!parent) throw new Error(`The client that this one extends has no model ${$name}.`)
  return parent
}
