import { separateNewEnumValues } from './new-enum-values.ts'
import { readChange, unquote, type Change, type TableAction } from './schema-changes.ts'
import { splitStatements, type Statement } from './sql-statements.ts'

/** One migration of those that a change is written as. */
export interface Step {
  /** Behind the name of the change; empty for its main part. */
  suffix: string
  script: string
  /** What it does so that a live database goes on, one sentence each. */
  notes: string[]
}

type AlterTable = Extract<Change, { kind: 'alterTable' }>
type CreateIndex = Extract<Change, { kind: 'createIndex' }>

interface StepInWork {
  statements: string[]
  notes: string[]
}

/**
 * Writes the engine's script in the form that keeps nobody waiting for long, as far as SQL alone can
 * do that: indexes are built CONCURRENTLY, constraints are added NOT VALID and checked in a later
 * migration. Tables that the script creates are empty, and stay as they are.
 */
export function writeSafely(script: string): Step[] {
  const statements = splitStatements(script).map((statement) => ({
    ...statement,
    change: readChange(statement),
  }))
  const created = new Set(
    statements.flatMap(({ change }) => (change?.kind === 'createTable' ? [change.table.name] : [])),
  )
  const indexed = new Set(
    statements.flatMap(({ change }) =>
      change?.kind === 'createIndex' ? [change.index?.name] : [],
    ),
  )
  const referenced = referencedTables(statements)
  const main = emptyStep()
  const replaced = emptyStep()
  const indexes = emptyStep()
  const unused = emptyStep()
  const validate = emptyStep()
  const required = emptyStep()
  for (const statement of statements) place(statement)
  const later = [replaced, indexes, unused, validate, required]
  if (later.every((step) => step.statements.length === 0))
    return separateNewEnumValues(script).map((text, index, all) => ({
      suffix: index < all.length - 1 ? '_values' : '',
      script: text,
      notes: [],
    }))
  return name([
    ...separateNewEnumValues(join(main)).map((text, index, all) => ({
      suffix: index < all.length - 1 ? '_values' : '',
      script: text,
      notes: index < all.length - 1 ? [] : main.notes,
    })),
    step('_indexes', indexHead, replaced, indexes, unused),
    step('_validate', validateHead, validate),
    step('_not_null', requiredHead, required),
  ])

  function place(statement: Statement & { change: Change | null }): void {
    const { change, text } = statement
    if (change?.kind === 'createIndex' && isBuiltLater(change)) buildLater(change, text)
    else if (change?.kind === 'dropIndex') dropLater(change.index.name, text)
    else if (change?.kind === 'alterTable' && !created.has(change.table.name)) alter(change, text)
    else main.statements.push(text)
  }

  function isBuiltLater({ table, index, isUnique, isConcurrent }: CreateIndex): boolean {
    // A foreign key needs the unique index of its target at once.
    const isNeeded = isUnique && referenced.has(table.name)
    return index !== null && !isConcurrent && !created.has(table.name) && !isNeeded
  }

  function buildLater({ index, table }: CreateIndex, text: string): void {
    indexes.statements.push(
      text.replace(
        /^create\s+(unique\s+)?index\s+/i,
        (_head, unique: string | undefined) =>
          `CREATE ${unique ? 'UNIQUE ' : ''}INDEX CONCURRENTLY IF NOT EXISTS `,
      ),
    )
    indexes.notes.push(
      `Builds the index ${index?.name} while ${table.name} is read and written (CONCURRENTLY).`,
    )
  }

  function dropLater(index: string, text: string): void {
    const step = indexed.has(index) ? replaced : unused
    step.statements.push(text.replace(/^drop\s+index\s+/i, 'DROP INDEX CONCURRENTLY IF EXISTS '))
    step.notes.push(`Drops the index ${index} without a lock on its table (CONCURRENTLY).`)
  }

  function alter({ table, actions }: AlterTable, text: string): void {
    const parts = actions.map((action) => safeActions(table.name, action))
    if (parts.every((part) => part === null)) return void main.statements.push(text)
    const alterTable = (action: string) => `ALTER TABLE ${table.sql} ${action}`
    const now = actions.map((action, index) => parts[index]?.now ?? action.text)
    main.statements.push(alterTable(now.join(',\n')))
    for (const part of parts) {
      if (!part) continue
      main.notes.push(part.note)
      validate.statements.push(alterTable(`VALIDATE CONSTRAINT ${part.constraint}`))
      validate.notes.push(
        `Checks the rows of ${table.name} for ${unquote(part.constraint)} while it is read and written.`,
      )
      if (!part.column) continue
      required.statements.push(
        alterTable(`ALTER COLUMN ${part.column} SET NOT NULL`),
        alterTable(`DROP CONSTRAINT ${part.constraint}`),
      )
      required.notes.push(
        `Makes ${unquote(part.column)} required without reading the rows again, because the check proves it.`,
      )
    }
  }
}

interface SafeAction {
  now: string
  note: string
  /** With its quotes. */
  constraint: string
  /** The column that becomes required once the constraint is checked. */
  column?: string
}

function safeActions(table: string, { text, words }: TableAction): SafeAction | null {
  const [, constraint, kind] =
    /^add constraint (".*?"|\S+) (foreign key|check)\b(?!.* not valid$)/s.exec(words) ?? []
  if (constraint && kind)
    return {
      now: `${text} NOT VALID`,
      note: `Adds the ${kind} ${unquote(constraint)} for new rows only at first (NOT VALID).`,
      constraint,
    }
  const column = /^alter (?:column )?(".*?"|\S+) set not null$/.exec(words)?.[1]
  if (!column) return null
  const check = quote(`${table}_${unquote(column)}`.slice(0, 50) + '_is_set')
  return {
    now: `ADD CONSTRAINT ${check} CHECK (${column} IS NOT NULL) NOT VALID`,
    note: `Requires ${unquote(column)} of new rows only at first, by the check ${unquote(check)} (NOT VALID).`,
    constraint: check,
    column,
  }
}

function referencedTables(statements: readonly { tokens: Statement['tokens'] }[]): Set<string> {
  const tables = new Set<string>()
  for (const { tokens } of statements)
    tokens.forEach(({ text }, index) => {
      if (text !== 'references') return
      const isQualified = tokens[index + 2]?.text === '.'
      tables.add(unquote(tokens[index + (isQualified ? 3 : 1)]?.text ?? ''))
    })
  return tables
}

const indexHead = `-- CONCURRENTLY lets reads and writes go on, and runs outside of a transaction: a repeat after a
-- failure begins anew. It waits for the transactions that are open.`
const validateHead = `-- The rows of before are checked while reads and writes go on. A row that breaks a rule makes this
-- fail: mend it, and migrate again.`
const requiredHead = `-- The check proves that no row is without a value, so the rows are not read again.`

const emptyStep = (): StepInWork => ({ statements: [], notes: [] })

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

const join = ({ statements }: StepInWork) => statements.map((text) => `${text};\n`).join('\n')

function step(suffix: string, head: string, ...parts: StepInWork[]): Step {
  const script = join({ statements: parts.flatMap(({ statements }) => statements), notes: [] })
  return {
    suffix,
    script: script && `${head}\n\n${script}`,
    notes: parts.flatMap(({ notes }) => notes),
  }
}

/** A change of one migration needs no suffix. */
function name(steps: readonly Step[]): Step[] {
  const used = steps.filter(({ script }) => script !== '')
  return used.length === 1 ? [{ ...used[0]!, suffix: '' }] : used
}
