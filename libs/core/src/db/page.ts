/** Which rows of a list, and in which order. Usually what a list definition made of a query string. */
export interface PageRequest {
  /** Conditions over and above those of the caller. */
  where?: object
  /** Must be a total order: it ends with a unique field. */
  orderBy: readonly object[]
  perPage: number
  /** A page by its number, or the rows that follow others. */
  paging: OffsetPaging | KeysetPaging
}

interface OffsetPaging {
  /** From 1. */
  page: number
  /** Whether to count all rows, which reads them all. */
  total: boolean
}

interface KeysetPaging {
  /** Conditions that find the rows that follow, to be asked one after the other until the page is full. Nothing for the first page. */
  after?: readonly object[]
  /** Names a row, so that the next page can follow it. */
  cursorOf(row: object): string
}

/** The `meta.pagination` of a list, as the wire contract names its members. */
export type Pagination =
  | { total?: number; page: number; per_page: number }
  | { next_cursor: string | null; per_page: number }

/** One page of a list. */
export interface Page<Row> {
  data: Row[]
  pagination: Pagination
  /** Whether rows follow. */
  hasNext: boolean
}

/**
 * The same page with other rows: those that the API shows.
 *
 * @example
 * mapPage(await store.stones.findPage(list), toStone)
 */
export const mapPage = <From, To>(page: Page<From>, change: (row: From) => To): Page<To> => ({
  ...page,
  data: page.data.map(change),
})
