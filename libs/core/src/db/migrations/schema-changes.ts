import type { Statement } from './sql-statements.ts'
import type { SqlToken } from './sql-tokens.ts'

/** A name as a statement has it, with its schema and quotes, and its last part as it is stored. */
export interface SqlName {
  sql: string
  name: string
}

/** One action of an ALTER TABLE. */
export interface TableAction {
  /** As it is written. */
  text: string
  /** Its tokens with a blank between: lower case, names with their quotes, literals emptied. */
  words: string
}

/** The statements that migrations are made of, as far as they matter to a live database. */
export type Change =
  | { kind: 'createTable'; table: SqlName }
  | { kind: 'dropTable'; table: SqlName }
  | {
      kind: 'createIndex'
      table: SqlName
      /** Null where PostgreSQL chooses the name. */
      index: SqlName | null
      isUnique: boolean
      isConcurrent: boolean
    }
  | { kind: 'dropIndex'; index: SqlName; isConcurrent: boolean }
  | { kind: 'reindex'; scope: string; target: SqlName | null; isConcurrent: boolean }
  | { kind: 'alterTable'; table: SqlName; actions: readonly TableAction[] }

/** Reads a statement; null where it is none of those that are known. */
export function readChange(statement: Statement): Change | null {
  const read = createReader(statement.tokens)
  if (read.skip('create')) return readCreate(read)
  if (read.skip('drop')) return readDrop(read)
  if (read.skip('reindex')) return readReindex(read)
  if (read.skip('alter', 'table')) return readAlterTable(read, statement)
  return null
}

type Reader = ReturnType<typeof createReader>

function createReader(tokens: readonly SqlToken[]) {
  let next = 0
  return { skip, skipParentheses, name, rest: () => tokens.slice(next) }

  /** Goes on behind the words if they come next, and reports whether they did. */
  function skip(...words: string[]): boolean {
    const isNext = words.every((word, index) => tokens[next + index]?.text === word)
    if (isNext) next += words.length
    return isNext
  }

  function skipParentheses(): string[] {
    if (tokens[next]?.text !== '(') return []
    const end = tokens.findIndex(({ text }, index) => index > next && text === ')')
    const inside = tokens.slice(next + 1, end).map(({ text }) => text)
    next = end + 1
    return inside
  }

  function name(): SqlName {
    const parts = [tokens[next++]?.text ?? '']
    while (skip('.')) parts.push(tokens[next++]?.text ?? '')
    return { sql: parts.join('.'), name: unquote(parts.at(-1)!) }
  }
}

function readCreate(read: Reader): Change | null {
  const isUnique = read.skip('unique')
  if (read.skip('index')) {
    const isConcurrent = read.skip('concurrently')
    read.skip('if', 'not', 'exists')
    const index = read.skip('on') ? null : read.name()
    if (index) read.skip('on')
    read.skip('only')
    return { kind: 'createIndex', table: read.name(), index, isUnique, isConcurrent }
  }
  read.skip('unlogged')
  if (!read.skip('table')) return null
  read.skip('if', 'not', 'exists')
  return { kind: 'createTable', table: read.name() }
}

function readDrop(read: Reader): Change | null {
  if (read.skip('index')) {
    const isConcurrent = read.skip('concurrently')
    read.skip('if', 'exists')
    return { kind: 'dropIndex', index: read.name(), isConcurrent }
  }
  if (!read.skip('table')) return null
  read.skip('if', 'exists')
  return { kind: 'dropTable', table: read.name() }
}

function readReindex(read: Reader): Change {
  const options = read.skipParentheses()
  const scope = read.name().name
  const isConcurrent = read.skip('concurrently') || options.includes('concurrently')
  const target = read.rest().length > 0 ? read.name() : null
  return { kind: 'reindex', scope, target, isConcurrent }
}

function readAlterTable(read: Reader, { text }: Statement): Change {
  read.skip('if', 'exists')
  read.skip('only')
  const table = read.name()
  read.skip('*')
  const actions = splitAtCommas(read.rest()).map((tokens) => ({
    text: text.slice(tokens[0]!.start, tokens.at(-1)!.end),
    words: tokens.map((token) => token.text).join(' '),
  }))
  return { kind: 'alterTable', table, actions }
}

/** At those outside of parentheses and brackets. */
function splitAtCommas(tokens: readonly SqlToken[]): SqlToken[][] {
  const parts: SqlToken[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (token.text === '(' || token.text === '[') depth += 1
    if (token.text === ')' || token.text === ']') depth -= 1
    if (token.text === ',' && depth === 0) parts.push([])
    else parts.at(-1)!.push(token)
  }
  return parts.filter((part) => part.length > 0)
}

/** The name as it is stored. */
export const unquote = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
