import type { Page } from '../db/index.ts'
import { isInReach } from './reach.ts'

/**
 * The `Link` field of a list (RFC 8288): relative addresses that keep every parameter. Of a page without a total, the last is not known; of
 * one with a cursor, neither the last nor the one before. No link leads to a page that would be refused.
 */
export function linksOf(address: string, page: Page<unknown>): string {
  const { pagination, hasNext } = page
  const { path, query } = split(address)
  if ('next_cursor' in pagination) {
    const { next_cursor: next } = pagination
    return write([
      ['first', { cursor: '' }],
      ...(next === null ? [] : ([['next', { cursor: next }]] as const)),
    ])
  }
  const { page: number, per_page: size, total } = pagination
  const last = total === undefined ? undefined : Math.max(1, Math.ceil(total / size))
  return write([
    ['first', { page: '1' }],
    ...(number > 1
      ? ([['prev', { page: String(Math.min(number - 1, last ?? number)) }]] as const)
      : []),
    ...(hasNext && isInReach(number + 1, size)
      ? ([['next', { page: String(number + 1) }]] as const)
      : []),
    ...(last !== undefined && isInReach(last, size)
      ? ([['last', { page: String(last) }]] as const)
      : []),
  ])

  function write(links: readonly (readonly [string, Record<string, string>])[]): string {
    return links
      .map(([rel, changes]) => `<${path}?${withChanges(changes)}>; rel="${rel}"`)
      .join(', ')
  }

  function withChanges(changes: Record<string, string>): string {
    const parameters = new URLSearchParams(query)
    for (const [name, value] of Object.entries(changes)) parameters.set(name, value)
    return parameters.toString()
  }
}

/** The query begins at the first question mark; another one is part of a value. */
function split(address: string): { path: string; query: string } {
  const middle = address.indexOf('?')
  return middle === -1
    ? { path: escape(address), query: '' }
    : { path: escape(address.slice(0, middle)), query: address.slice(middle + 1) }
}

/** A path may hold what would end the link. */
const escape = (path: string): string => path.replace(/[^!#-;=?-~]/g, encodeURIComponent)
