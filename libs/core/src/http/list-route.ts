import { z } from 'zod'
import type { Page } from '../db/index.ts'
import type { ListDefinition } from '../list/index.ts'
import type { AnyContract } from './contract.ts'

/** The list of a route for this caller. */
export const listOf = ({ list, listFor }: AnyContract, caller: object) =>
  listFor ? listFor(caller as never) : list

/** Where the handler of a list finds what the query string asked for. */
export const readList = (list: ListDefinition, query: unknown) =>
  query === undefined ? { faults: [] } : list.read(query as object)

const Pagination = z
  .object({
    total: z.int().optional().meta({ description: 'Rows of all pages; not with `total=false`.' }),
    page: z.int().optional().meta({ description: 'Not with a cursor.' }),
    per_page: z.int(),
    next_cursor: z
      .string()
      .nullable()
      .optional()
      .meta({ description: 'With a cursor only; null at the end.' }),
  })
  .meta({ id: 'Pagination' })

/** The answer of a list whose rows have this schema. */
export const listAnswer = (row: z.ZodType) =>
  z.object({ data: z.array(row), meta: z.object({ pagination: Pagination }) })

/** What a handler of a list returns, as `listAnswer` names it. */
export const toListAnswer = ({ data, pagination }: Page<unknown>) => ({
  data,
  meta: { pagination },
})
