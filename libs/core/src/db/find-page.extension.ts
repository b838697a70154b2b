import { Prisma } from './generated/client.ts'

/** One page of a list, as the wire contract names its parts. */
export interface Page<Row> {
  data: Row[]
  pagination: { total: number; page: number; per_page: number }
}

type FindMany<T> = Omit<Prisma.Args<T, 'findMany'>, 'skip' | 'take' | 'cursor'>

interface Readable {
  findMany(args: object): Promise<unknown[]>
  count(args: object): Promise<number>
}

/** `findPage`: rows of one page and the total, both through the same `where`. */
export const findPage = Prisma.defineExtension({
  name: 'find-page',
  model: {
    $allModels: {
      /** `page` counts from 1. The order must be total, so end `orderBy` with the primary key. */
      async findPage<T, const Args extends FindMany<T>>(
        this: T,
        { page, perPage, ...args }: Args & { page: number; perPage: number },
      ): Promise<Page<Prisma.Result<T, Omit<Args, 'page' | 'perPage'>, 'findMany'>[number]>> {
        const model = Prisma.getExtensionContext(this) as unknown as Readable
        const where = 'where' in args ? (args.where as object) : {}
        const [data, total] = await Promise.all([
          model.findMany({ ...args, skip: (page - 1) * perPage, take: perPage }),
          model.count({ where }),
        ])
        return {
          data: data as Prisma.Result<T, Omit<Args, 'page' | 'perPage'>, 'findMany'>,
          pagination: { total, page, per_page: perPage },
        }
      },
    },
  },
})
