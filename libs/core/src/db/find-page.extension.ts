import { Prisma } from './generated/client.ts'
import type { Page, PageRequest } from './page.ts'
import type { Readable, SharedReads } from './shared-reads.ts'

type Conditions<T> = Omit<Prisma.Args<T, 'findMany'>, 'skip' | 'take' | 'cursor' | 'orderBy'>
type Found<T, Args> = Prisma.Result<T, Omit<Args, 'list'>, 'findMany'>

/** `findPage`: one page of a list, through the conditions of the caller and those of the list. */
export function findPage(reads: SharedReads) {
  return Prisma.defineExtension({
    name: 'find-page',
    model: {
      $allModels: {
        /**
         * Rows are never skipped or repeated by their order, which is total. With a cursor they are not by inserts and deletes either. A
         * `select` must hold the fields of the order when a cursor is asked for.
         */
        async findPage<T, const Args extends Conditions<T>>(
          this: T,
          { list, ...args }: Args & { list: PageRequest },
        ): Promise<Page<Found<T, Args>[number]>> {
          const model = Prisma.getExtensionContext(this) as unknown as Readable
          const page = await ('page' in list.paging
            ? byNumber(model, args, list, list.paging)
            : byCursor(model, args, list, list.paging))
          return page
        },
      },
    },
  })

  async function byNumber(
    model: Readable,
    args: object,
    { where, orderBy, perPage }: PageRequest,
    { page, total }: { page: number; total: boolean },
  ): Promise<Page<object>> {
    const conditions = both(args, where)
    const skip = (page - 1) * perPage
    const [rows, count] = await Promise.all([
      reads.findMany(model, {
        ...args,
        where: conditions,
        orderBy,
        skip,
        take: perPage + (total ? 0 : 1),
      }),
      total ? reads.count(model, { where: conditions }) : undefined,
    ])
    return {
      data: rows.slice(0, perPage),
      pagination: { ...(count !== undefined && { total: count }), page, per_page: perPage },
      hasNext: count === undefined ? rows.length > perPage : skip + rows.length < count,
    }
  }

  async function byCursor(
    model: Readable,
    args: object,
    { where, orderBy, perPage }: PageRequest,
    { after = [{}], cursorOf }: { after?: readonly object[]; cursorOf(row: object): string },
  ): Promise<Page<object>> {
    const rows: object[] = []
    for (const following of after) {
      const take = perPage + 1 - rows.length
      if (take === 0) break
      const conditions = both(args, where, following)
      rows.push(...(await reads.findMany(model, { ...args, where: conditions, orderBy, take })))
    }
    const hasNext = rows.length > perPage
    const data = rows.slice(0, perPage)
    const last = data.at(-1)
    return {
      data,
      pagination: { next_cursor: hasNext && last ? cursorOf(last) : null, per_page: perPage },
      hasNext,
    }
  }
}

/** The conditions of the caller stay where they are: what is said of `deletedAt` is said there. */
function both(args: { where?: object }, ...more: (object | undefined)[]): object {
  const others = more.filter((each) => each !== undefined && Object.keys(each).length > 0)
  const own: { AND?: object | object[] } = args.where ?? {}
  if (others.length === 0) return own
  return { ...own, AND: [...[own.AND ?? []].flat(), ...others] }
}
