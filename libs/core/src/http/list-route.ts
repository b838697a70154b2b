import { z } from 'zod'
import type { Page } from '../db/index.ts'
import type { InputFault } from '../errors/index.ts'
import type { ListDefinition } from '../list/index.ts'
import { checkPart } from './check-part.ts'
import type { AnyContract } from './contract.ts'

/** The list of a route for this caller. */
export const listOf = ({ list, listFor }: AnyContract, caller: object) =>
  listFor ? listFor(caller as never) : list

/** Reads what a query string asks of a list. A part with a fault counts as absent, so that the rest is read all the same. */
export function readList(
  definition: ListDefinition,
  { sort, filters, ...plain }: Readonly<Record<string, string>>,
) {
  const checked = checkPart('query', definition.plain, plain)
  const sound = checked.data ?? soundMembers(definition.plain, plain, checked.faults)
  const data = { ...sound, ...(sort && { sort }), ...(filters && { filters }) }
  const reading = definition.read(data)
  if ('faults' in reading) return { data, faults: [...checked.faults, ...reading.faults] }
  return { data, list: reading.list, faults: checked.faults }
}

function soundMembers(
  { shape }: z.ZodObject,
  given: Readonly<Record<string, string>>,
  faults: readonly InputFault[],
): object {
  const faulty = new Set(faults.map(({ pointer }) => pointer))
  const members = Object.entries(shape).flatMap(([name, schema]) => {
    const result = z.safeParse(schema, given[name])
    return result.success && !faulty.has(`/query/${name}`) ? [[name, result.data] as const] : []
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
