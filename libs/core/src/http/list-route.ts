import { z } from 'zod'
import type { Page } from '../db/index.ts'
import type { ListDefinition } from '../list/index.ts'
import { checkPart } from './check-part.ts'
import type { AnyContract } from './contract.ts'
import type { FaultList } from './fault-list.ts'

/** The list of a route for this caller. */
export const listOf = ({ list, listFor }: AnyContract, caller: object) =>
  listFor ? listFor(caller as never) : list

/**
 * Reads the list parameters of a query string. A part with a fault counts as absent, so that the
 * rest is read all the same.
 */
export function readList(
  faults: FaultList,
  definition: ListDefinition,
  { sort, filters, ...plain }: Readonly<Record<string, string>>,
) {
  const checked = checkPart(faults, 'query', definition.plain, plain) as object | undefined
  const sound = checked ?? soundMembers(faults, definition.plain, plain)
  const query = { ...sound, ...(sort && { sort }), ...(filters && { filters }) }
  const reading = definition.read(query)
  if ('list' in reading) return { query, list: reading.list }
  for (const fault of reading.faults) faults.include(fault)
  return { query, list: undefined }
}

function soundMembers(
  faults: FaultList,
  { shape }: z.ZodObject,
  given: Readonly<Record<string, string>>,
): object {
  const members = Object.entries(shape).flatMap(([name, schema]) => {
    const result = z.safeParse(schema, given[name])
    const isSound = result.success && !faults.isSettled('query', [name])
    return isSound ? [[name, result.data] as const] : []
  })
  return Object.fromEntries(members)
}

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
