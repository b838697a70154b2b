/** Beyond this row a page by number costs more than its rows are worth; a cursor costs the same everywhere. */
export const furthestRow = 100_000

export const isInReach = (page: number, perPage: number): boolean => page * perPage <= furthestRow
