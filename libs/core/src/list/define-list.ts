import { z } from 'zod'
import type { PageRequest } from '../db/index.ts'
import type { InputFault } from '../errors/index.ts'
import { toConditions } from './conditions.ts'
import { checkLengths, longestCursor, readCursor, writeCursor } from './cursor.ts'
import { describeFilters, describeSort } from './describe.ts'
import type { ListField } from './fields.ts'
import { after, sharesValues, type SortKey } from './keyset.ts'
import { findUnreadable, longestText, SyntaxFault, type ListFault } from './list-fault.ts'
import { mostFilterItems, parseFilters, type FilterItem } from './parse-filters.ts'
import { parseSort, type SortItem } from './parse-sort.ts'
import { furthestRow, isInReach } from './reach.ts'

type NoParameters = z.ZodObject<Record<never, never>>

type Fields = Readonly<Record<string, ListField>>

export interface ListOptions<Named extends Fields, Parameters extends z.ZodObject> {
  /** Every field that may be asked for, and of which kind it is. */
  fields: Named
  /** What the list may be sorted by. Each needs an index, which ends with the primary key, and a text its `maxLength`. */
  sort: readonly (keyof Named & string)[]
  /** What the list may be filtered by. */
  filter: readonly (keyof Named & string)[]
  /** The unique field that ends every order; `id` if absent. */
  primaryKey?: keyof Named & string
  /** The order if none is asked for: `createdAt:desc`. By the primary key, if absent. */
  defaultSort?: string
  /** Rows of a page if none is asked for; 10 if absent. */
  perPage?: number
  /** Query parameters besides those of every list. */
  parameters?: Parameters
}

/** What a handler gets of a list: give it to `findPage`. */
export type ListRequest<Parameters = object> = PageRequest & { parameters: Parameters }

export interface ListDefinition<Parameters extends z.ZodObject = z.ZodObject> {
  /** The whole query string, for the API document. */
  query: z.ZodObject
  /** All but `sort` and `filters`, which have a grammar: as a first check. */
  plain: z.ZodObject
  /** What it may be sorted by, and whether many rows may share one value: for `sortsWithoutIndex` of the testing door. */
  sorts: readonly { field: string; sharesValues: boolean }[]
  /** Reads a query string: `sort` and `filters` as they came, the rest as `plain` let it pass. */
  read(query: object): { list: ListRequest<z.output<Parameters>> } | { faults: InputFault[] }
}

const digits = z
  .string()
  .max(1_024, { abort: true })
  .regex(/^\d+$/, { error: 'Must be a whole number', abort: true })
  .transform(Number)

const noFilters: ListFault = {
  position: 0,
  code: 'unknown_field',
  detail: 'This list takes no filters.',
}

const tooManyFilters = ({ field: { position } }: FilterItem): ListFault => ({
  position,
  code: 'too_big',
  detail: `Takes at most ${mostFilterItems} filters. Brackets hold up to 100 values of one field.`,
})

/** Too far is not told here: the fault names the cursor. */
const Page = digits.refine((value) => value >= 1, { error: 'Must be 1 or more' })

const PerPage = digits.refine((value) => value >= 1 && value <= 100, {
  error: 'Must be between 1 and 100',
})

const Grammar = z.string().max(longestText).optional()

/**
 * Declares how a resource is listed: what it may be sorted and filtered by, and how large its pages are. Throws when a cursor may be too long for
 * an address.
 *
 * @example
 * const stoneList = defineList({
 *   fields: { id: integer(), name: text({ ignoreCase: true }), cutAt: time({ nullable: true }) },
 *   sort: ['id', 'cutAt'],
 *   filter: ['id', 'name', 'cutAt'],
 * })
 */
export function defineList<Named extends Fields, Parameters extends z.ZodObject = NoParameters>(
  options: ListOptions<Named, Parameters>,
): ListDefinition<Parameters> {
  const { fields, primaryKey = 'id', defaultSort = '', perPage = 10, parameters } = options
  const columns = new Map<string, ListField>(Object.entries(fields))
  const sortable = new Set<string>(options.sort)
  const filterable = new Map(options.filter.map((name) => [name, fields[name] as ListField]))
  const defaultOrder = orderOf(defaultSort).keys
  checkLengths([...columns].filter(([name]) => name === primaryKey || sortable.has(name)))
  const plain = z.strictObject({
    ...parameters?.shape,
    page: Page.optional().meta(numbers('Which page, from 1.', 1, furthestRow)),
    per_page: PerPage.optional().meta(numbers('Rows of a page.', perPage, 100)),
    total: z.enum(['true', 'false']).optional().meta({
      description: '`false` leaves out the total, which costs a count of all rows.',
    }),
    cursor: z.string().max(longestCursor).optional().meta({
      description:
        'Empty to begin keyset paging, then the `next_cursor` of the page before, with the same sort and filters. In place of `page`.',
    }),
  })
  const query = z.strictObject({
    ...parameters?.shape,
    sort: Grammar.meta(describeSort(options.sort, defaultSort || primaryKey)),
    ...(filterable.size > 0 && { filters: Grammar.meta(describeFilters(filterable)) }),
    ...plain.shape,
  })
  const sorts = options.sort.map((field) => ({
    field,
    sharesValues: sharesValues(columns.get(field)!),
  }))
  return { query, plain, sorts, read }

  function read(given: object) {
    const { sort, filters, page, per_page, total, cursor, ...rest } = given as Query
    const faults: InputFault[] = []
    const tell = (parameter: string, found: readonly ListFault[]) =>
      faults.push(...found.map((fault) => ({ pointer: `/query/${parameter}`, ...fault })))

    const order = sort ? readSort(sort) : { keys: defaultOrder, faults: [] }
    tell('sort', order.faults)
    const conditions = filters ? conditionsOf(filters) : { conditions: [], faults: [] }
    tell('filters', conditions.faults)
    const size = per_page ?? perPage
    const paging = cursor === undefined ? byNumber() : byCursor(cursor)
    if (faults.length > 0 || !paging) return { faults }
    const list = {
      ...(conditions.conditions.length > 0 && { where: { AND: conditions.conditions } }),
      orderBy: order.keys.map(({ field, direction }) => ({ [field]: direction })),
      perPage: size,
      paging,
      parameters: rest as z.output<Parameters>,
    }
    return { list }

    function byNumber() {
      const number = page ?? 1
      if (!isInReach(number, size))
        return refuse('page', 'out_of_range', `Reaches beyond ${furthestRow} rows: use the cursor.`)
      return { page: number, total: total !== 'false' }
    }

    function byCursor(cursor: string) {
      if (page !== undefined) return refuse('page', 'invalid_value', 'Goes without a cursor.')
      const scope = { keys: order.keys, filters: filters ?? '' }
      const cursorOf = (row: object) => writeCursor(scope, row)
      if (cursor === '') return { cursorOf }
      // The other faults come first: with them, there is no telling what the cursor belongs to.
      if (faults.length > 0) return undefined
      const values = readCursor(scope, cursor)
      if (values) return { after: after(scope.keys, values), cursorOf }
      return refuse('cursor', 'invalid_value', 'Is no next_cursor of this sort and these filters.')
    }

    function refuse(parameter: string, code: string, detail: string): undefined {
      faults.push({ pointer: `/query/${parameter}`, code, detail })
    }
  }

  function readSort(sort: string) {
    const unreadable = findUnreadable(sort)
    return unreadable ? { keys: defaultOrder, faults: [unreadable] } : orderOf(sort)
  }

  function orderOf(sort: string) {
    const { items, faults } = sort ? parseSort(sort, sortable) : { items: [], faults: [] }
    return { keys: toKeys(items), faults }
  }

  /** The primary key comes last, so that the order is total. */
  function toKeys(items: readonly SortItem[]): SortKey[] {
    const isTotal = items.some(({ field }) => field === primaryKey)
    const last: SortItem[] = isTotal ? [] : [{ field: primaryKey, direction: 'asc' }]
    return [...items, ...last].map((item) => ({ ...item, column: columns.get(item.field)! }))
  }

  function conditionsOf(filters: string) {
    const refused = filterable.size === 0 ? noFilters : findUnreadable(filters)
    if (refused) return { conditions: [], faults: [refused] }
    try {
      const items = parseFilters(filters)
      const tooMany = items[mostFilterItems]
      if (tooMany) return { conditions: [], faults: [tooManyFilters(tooMany)] }
      return toConditions(items, filterable)
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error
      const { position, message } = error
      return { conditions: [], faults: [{ position, code: 'invalid_syntax', detail: message }] }
    }
  }
}

interface Query {
  sort?: string
  filters?: string
  page?: number
  per_page?: number
  total?: 'true' | 'false'
  cursor?: string
}

const numbers = (description: string, byDefault: number, maximum: number) => ({
  description,
  override: ({ jsonSchema }: { jsonSchema: object }) => {
    Object.assign(jsonSchema, { type: 'integer', minimum: 1, maximum, default: byDefault })
    delete (jsonSchema as { pattern?: string }).pattern
  },
})
