import { toSafeAction, type SafeAction } from './safe-actions.ts'
import { readChange, unquote, type Change, type SqlName } from './schema-changes.ts'
import type { Statement } from './sql-statements.ts'

/** Statements of one migration, and what they do so that a live database goes on. */
export interface Part {
  statements: string[]
  notes: string[]
}

type AlterTable = Extract<Change, { kind: 'alterTable' }>
type CreateIndex = Extract<Change, { kind: 'createIndex' }>

/**
 * Sorts the statements of a script into parts that run one after another, in the form that each has
 * there. Tables that the script creates are empty, and everything about them stays in `main`.
 */
export function sortSafely(statements: readonly Statement[]) {
  const changes = statements.map(readChange)
  const created = new Set(
    changes.flatMap((change) => (change?.kind === 'createTable' ? [change.table.name] : [])),
  )
  const built = new Set(
    changes.flatMap((change) => (change?.kind === 'createIndex' ? [change.index?.name] : [])),
  )
  const referenced = referencedTables(statements)
  const parts = {
    main: emptyPart(),
    /** Dropped before they are built again under the same name. */
    replaced: emptyPart(),
    indexes: emptyPart(),
    unused: emptyPart(),
    validate: emptyPart(),
    required: emptyPart(),
  }
  statements.forEach(({ text }, index) => place(text, changes[index]!))
  return parts

  function place(text: string, change: Change | null): void {
    if (change?.kind === 'createIndex' && isBuiltLater(change)) buildLater(change, text)
    else if (change?.kind === 'dropIndex') dropLater(change.index.name, text)
    else if (change?.kind === 'alterTable' && !created.has(change.table.name)) alter(change, text)
    else parts.main.statements.push(text)
  }

  function isBuiltLater({ table, index, isUnique, isConcurrent }: CreateIndex): boolean {
    // A foreign key needs the unique index of its target at once.
    const isNeeded = isUnique && referenced.has(table.name)
    return index !== null && !isConcurrent && !created.has(table.name) && !isNeeded
  }

  function buildLater({ index, table, isUnique }: CreateIndex, text: string): void {
    const head = `CREATE ${isUnique ? 'UNIQUE ' : ''}INDEX CONCURRENTLY IF NOT EXISTS `
    const statement = text.replace(/^create\s+(unique\s+)?index\s+/i, head)
    const note = `Builds the index ${index?.name} while ${table.name} is read and written (CONCURRENTLY).`
    add(parts.indexes, note, statement)
  }

  function dropLater(index: string, text: string): void {
    const statement = text.replace(/^drop\s+index\s+/i, 'DROP INDEX CONCURRENTLY IF EXISTS ')
    const note = `Drops the index ${index} without a lock on its table (CONCURRENTLY).`
    add(built.has(index) ? parts.replaced : parts.unused, note, statement)
  }

  function alter({ table, actions }: AlterTable, text: string): void {
    const safe = actions.map((action) => toSafeAction(table.name, action))
    if (safe.every((action) => action === null)) return void parts.main.statements.push(text)
    const now = actions.map((action, index) => safe[index]?.now ?? action.text)
    parts.main.statements.push(`ALTER TABLE ${table.sql} ${now.join(',\n')}`)
    for (const action of safe) if (action) alterLater(table, action)
  }

  function alterLater({ sql, name }: SqlName, { note, constraint, column }: SafeAction): void {
    parts.main.notes.push(note)
    add(
      parts.validate,
      `Checks the rows of ${name} for ${unquote(constraint)} while it is read and written.`,
      `ALTER TABLE ${sql} VALIDATE CONSTRAINT ${constraint}`,
    )
    if (!column) return
    // Two statements: PostgreSQL would drop the constraint first, and read every row again.
    add(
      parts.required,
      `Makes ${unquote(column)} required without reading the rows again, because the check proves it.`,
      `ALTER TABLE ${sql} ALTER COLUMN ${column} SET NOT NULL`,
      `ALTER TABLE ${sql} DROP CONSTRAINT ${constraint}`,
    )
  }
}

const emptyPart = (): Part => ({ statements: [], notes: [] })

function add(part: Part, note: string, ...statements: string[]): void {
  part.notes.push(note)
  part.statements.push(...statements)
}

function referencedTables(statements: readonly Statement[]): Set<string> {
  const tables = new Set<string>()
  for (const { tokens } of statements)
    tokens.forEach(({ text }, index) => {
      if (text !== 'references') return
      const isQualified = tokens[index + 2]?.text === '.'
      tables.add(unquote(tokens[index + (isQualified ? 3 : 1)]?.text ?? ''))
    })
  return tables
}
