import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ListField } from './fields.ts'
import type { SortKey } from './keyset.ts'

/** What a cursor belongs to: with another order or other filters it would skip and repeat rows. */
export interface CursorScope {
  keys: readonly SortKey[]
  filters: string
}

/** Changes with the form of the content, so that an older cursor is refused and not misread. */
const version = 1

/** Half of what an address may have (8 KiB): the sort and the filters are in it as well. */
export const longestCursor = 4_000

/** JSON takes up to six bytes for a character and base64url a third more. The rest is for the other fields. */
const mostCharacters = 400

/** Throws where the texts among these fields, by which a list is sorted, may be too long for a cursor. */
export function checkLengths(fields: readonly (readonly [name: string, ListField])[]): void {
  const lengths = fields.map(([name, { maxLength = 0 }]) => ({ name, maxLength }))
  const texts = lengths.filter(({ maxLength }) => maxLength > 0)
  const endless = texts.find(({ maxLength }) => maxLength === Infinity)
  if (endless)
    throw new Error(
      `A cursor holds what a list is sorted by, and ${endless.name} may be of any length: declare it as text({ maxLength }) with the length of its column, or leave it out of the sort.`,
    )
  const characters = texts.reduce((sum, { maxLength }) => sum + maxLength, 0)
  if (characters > mostCharacters)
    throw new Error(
      `A cursor has room for ${mostCharacters} characters of text, and this list is sorted by ${characters} (${texts.map(({ name }) => name).join(', ')}): leave out of the sort what is too long.`,
    )
}

/** Version, scope, and the values of the row after which the next page begins. */
const Content = z.tuple([
  z.literal(version),
  z.string(),
  z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])),
])

/** Opaque to clients, but no secret: it holds values of a row that the client was shown. */
export function writeCursor(scope: CursorScope, row: object): string {
  const values = scope.keys.map(({ field, column }) => {
    const value = (row as Record<string, unknown>)[field]
    if (value === undefined)
      throw new Error(`A list with a cursor must select ${field}, by which it is sorted.`)
    if (value === null && !column.nullable)
      throw new Error(`A list is sorted by ${field}, which is null in a row: declare it nullable.`)
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
  // Its `toString` writes 1e-7.
  if (isDecimal(value)) return value.toFixed()
  return (value as { toString(): string }).toString()
}

const isDecimal = (value: unknown): value is { toFixed(): string } =>
  typeof value === 'object' && value !== null && 'toFixed' in value

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

/** What PostgreSQL can compare with a text. */
const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')
