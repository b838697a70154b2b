import { toDatabaseError } from './database-errors.ts'
import type { Prisma } from './generated/client.ts'
import type { Fields } from './soft-delete.where.ts'

export interface BatchOptions<Where> {
  where: Where
  /**
   * A field of the condition that an index begins with. The batches go through it in its order, so
   * that each finds its rows without a look at those that stay.
   */
  by: Extract<keyof Where, string>
  /** Ends it between two batches. */
  signal?: AbortSignal | undefined
}

/** A model of a client, as an extension sees it. */
export interface BatchedTable {
  $parent: object
  deleteMany(args: { where: Fields }): Prisma.PrismaPromise<{ count: number }>
  findMany(args: {
    where: Fields
    select: Fields
    orderBy: Fields
    take: number
  }): Prisma.PrismaPromise<Fields[]>
}

interface Client {
  $queryRaw(text: TemplateStringsArray): Prisma.PrismaPromise<unknown>
  $transaction<T>(
    work: [Prisma.PrismaPromise<unknown>, Prisma.PrismaPromise<T>],
  ): Promise<[unknown, T]>
}

/** Few enough for one statement to be far from its time limit. */
const batchSize = 500

/**
 * Rows that are found at once. Equal rows that are gone leave their entries in the index until the
 * next vacuum, and each look passes those; so there are fewer looks than batches.
 */
const lookSize = 4 * batchSize

/**
 * Returns the number of rows that were deleted. `key` names the fields that tell one row from all
 * others.
 */
export async function deleteBatches(
  table: BatchedTable,
  key: readonly string[],
  { where, by, signal }: BatchOptions<Fields>,
): Promise<number> {
  const select = Object.fromEntries([...key, by].map((field) => [field, true]))
  let deleted = 0
  let rows = await find({})
  while (rows.length > 0) {
    const before = deleted
    for (let start = 0; start < rows.length && !signal?.aborted; start += batchSize)
      deleted += await take(rows.slice(start, start + batchSize))
    // Where nothing of a look was left, somebody else is deleting the same rows.
    if (rows.length < lookSize || deleted === before) break
    // Equal ones may be left.
    rows = await find({ [by]: { gte: rows.at(-1)?.[by] } })
  }
  return deleted

  async function find(following: Fields): Promise<Fields[]> {
    if (signal?.aborted) return []
    const args = { where: both(where, following), select, orderBy: { [by]: 'asc' }, take: lookSize }
    return withGeneralPlan(table, table.findMany(args))
  }

  /** The condition is checked once more, in the statement that deletes: a row may have changed. */
  async function take(rows: Fields[]): Promise<number> {
    const args = { where: both(where, anyOf(key, rows)) }
    const { count } = await withGeneralPlan(table, table.deleteMany(args))
    return count
  }
}

/**
 * Runs a statement with a plan that knows no values. Statistics from before a burst say that nearly
 * no row meets the condition. A plan for that reads, with each batch, all rows that do.
 */
async function withGeneralPlan<T>(
  { $parent }: BatchedTable,
  work: Prisma.PrismaPromise<T>,
): Promise<T> {
  const client = $parent as Client
  const setting = client.$queryRaw`SELECT set_config('plan_cache_mode', 'force_generic_plan', true)`
  const [, result] = await client.$transaction([setting, work]).catch((error: unknown) => {
    throw toDatabaseError(error)
  })
  return result
}

/**
 * A condition on `deletedAt` stays at the top of `where`, because soft delete looks for it there.
 */
const both = (where: Fields, further: Fields): Fields => ({
  ...where,
  AND: [...[where['AND'] ?? []].flat(), further],
})

function anyOf(key: readonly string[], rows: Fields[]): Fields {
  const [field = '', ...more] = key
  if (more.length === 0) return { [field]: { in: rows.map((row) => row[field]) } }
  return { OR: rows.map((row) => Object.fromEntries(key.map((field) => [field, row[field]]))) }
}
