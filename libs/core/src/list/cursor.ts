import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { SortKey } from './keyset.ts'

/** What a cursor belongs to: with another order or other filters it would skip and repeat rows. */
export interface CursorScope {
  keys: readonly SortKey[]
  filters: string
}

/** Changes with the form of the content, so that an older cursor is refused and not misread. */
const version = 1

/** Version, scope, and the values of the row after which the next page begins. */
const Content = z.tuple([
  z.literal(version),
  z.string(),
  z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])),
])

/** Opaque to clients, but no secret: it holds values of a row that the client was shown. */
export function writeCursor(scope: CursorScope, row: object): string {
  const values = scope.keys.map(({ field }) => {
    const value = (row as Record<string, unknown>)[field]
    if (value === undefined)
      throw new Error(`A list with a cursor must select ${field}, by which it is sorted.`)
    return toJson(value)
  })
  return Buffer.from(JSON.stringify([version, digestOf(scope), values])).toString('base64url')
}

/** The values of the row, or undefined for a cursor of another scope or one that we did not write. */
export function readCursor(scope: CursorScope, cursor: string): unknown[] | undefined {
  const content = Content.safeParse(parse(cursor))
  if (!content.success) return undefined
  const [, digest, written] = content.data
  if (digest !== digestOf(scope) || written.length !== scope.keys.length) return undefined
  const values = scope.keys.map(({ column }, index) => {
    const value = written[index] as string | number | boolean | null
    if (value === null) return column.nullable ? null : undefined
    if (!isStorable(String(value))) return undefined
    const reading = column.read(String(value))
    return 'fault' in reading ? undefined : reading.value
  })
  return values.includes(undefined) ? undefined : values
}

/** Short, because it tells accidents apart and keeps no secret. */
const digestOf = ({ keys, filters }: CursorScope): string =>
  createHash('sha256')
    .update(JSON.stringify([keys.map(({ field, direction }) => [field, direction]), filters]))
    .digest('base64url')
    .slice(0, 10)

/** A `bigint` and Prisma's `Decimal` keep all their digits as text only. */
function toJson(value: unknown): string | number | boolean | null {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value
  if (value instanceof Date) return value.toISOString()
  return (value as { toString(): string }).toString()
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

/** What PostgreSQL can compare with a text. */
const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')
