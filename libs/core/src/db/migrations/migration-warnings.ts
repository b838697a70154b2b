import { readColumnRisk } from './column-risks.ts'
import { readChange, unquote, type Change, type TableAction } from './schema-changes.ts'
import { splitStatements, type Statement } from './sql-statements.ts'

/**
 * Lists, for each script, what its statements do to tables that have rows and users: which values
 * they destroy, why they may fail, and for how long they keep others waiting. One sentence each.
 * The scripts are those that a database has not got yet, in their order: a table that one of them
 * creates is empty, so nothing is said of it.
 */
export function findWarnings(scripts: readonly string[]): string[][] {
  const parsed = scripts.map((script) => splitStatements(script))
  const known: Known = { created: new Set(), proven: new Set() }
  return parsed.map((statements) => {
    const unchecked = new Set<string>()
    return [...new Set(statements.flatMap((statement) => warningsOf(statement, known, unchecked)))]
  })
}

interface Known {
  created: Set<string>
  /** Columns, as `table.column`, of which a check says that they are not null. */
  proven: Set<string>
}

function warningsOf(statement: Statement, known: Known, unchecked: Set<string>): string[] {
  const change = readChange(statement)
  if (!change) return otherWarnings(statement)
  if (change.kind === 'createTable') known.created.add(change.table.name)
  if (!('table' in change)) return indexWarnings(change)
  if (known.created.has(change.table.name)) return []
  if (change.kind !== 'alterTable') return tableWarnings(change)
  const table = change.table.name
  return change.actions.flatMap((action) => actionWarnings(table, action, known, unchecked))
}

function otherWarnings({ bare }: Statement): string[] {
  if (/^vacuum\b.*\bfull\b|^cluster\b/.test(bare))
    return ['Rewrites a table while nobody can read it. VACUUM without FULL does not.']
  if (/^refresh materialized view (?!concurrently)/.test(bare))
    return ['Nobody can read the view until it is filled. REFRESH … CONCURRENTLY lets them.']
  return []
}

function indexWarnings(change: Change): string[] {
  return change.kind === 'reindex' && !change.isConcurrent
    ? ['Blocks writes until the indexes are built. REINDEX … CONCURRENTLY does not.']
    : []
}

function tableWarnings(change: Exclude<Change, { kind: 'alterTable' }>): string[] {
  if (change.kind === 'dropTable')
    return [`Drops the table ${change.table.name} with all its rows.`]
  if (change.kind !== 'createIndex') return []
  const name = change.index?.name ?? `on ${change.table.name}`
  return [
    ...(change.isUnique ? [`Fails if rows repeat a value: ${name}.`] : []),
    ...(change.isConcurrent
      ? []
      : [
          `Blocks writes to ${change.table.name} until the index ${name} is built. CONCURRENTLY, in a migration of its own, does not.`,
        ]),
  ]
}

function actionWarnings(
  table: string,
  { words }: TableAction,
  known: Known,
  unchecked: Set<string>,
): string[] {
  const constraint =
    /^add (?:constraint (".*?"|\S+) )?(?=foreign key|check|unique|primary key|exclude|not null)(.*)/s.exec(
      words,
    )
  if (constraint) {
    const [, name = '', definition = ''] = constraint
    return constraintWarnings(table, unquote(name), definition, known, unchecked)
  }
  const validated = /^validate constraint (".*?"|\S+)/.exec(words)?.[1]
  if (validated !== undefined && unchecked.has(unquote(validated)))
    return [
      `Checks ${unquote(validated)} in the transaction that adds it, with its lock. VALIDATE belongs to the next migration.`,
    ]
  return columnWarnings(table, words, known)
}

function constraintWarnings(
  table: string,
  name: string,
  definition: string,
  { proven }: Known,
  unchecked: Set<string>,
): string[] {
  const isUnchecked = / not valid$/.test(definition)
  if (isUnchecked) unchecked.add(name)
  const column = /^check \( (".*?"|\S+) is not null \)/.exec(definition)?.[1]
  if (column !== undefined) proven.add(`${table}.${unquote(column)}`)
  if (/^(unique|primary key|exclude)\b/.test(definition))
    return / using index /.test(definition)
      ? []
      : [
          `Nobody can read ${table} until an index is built for ${name || 'the constraint'}. Build it CONCURRENTLY, then ADD CONSTRAINT … USING INDEX.`,
        ]
  if (isUnchecked) return []
  const kind = definition.startsWith('foreign') ? 'foreign key' : 'check'
  return [
    `Reads every row of ${table} while writes wait, for the ${kind} ${name}. Add it NOT VALID, and VALIDATE it in the next migration.`,
  ]
}

function columnWarnings(table: string, words: string, { proven }: Known): string[] {
  const added = /^add (?:column )?(?:if not exists )?(".*?"|\S+) (.*)/s.exec(words)
  if (added) return readColumnRisk(table, unquote(added[1]!), added[2]!)
  const dropped = /^drop (?:column )?(?:if exists )?(?!constraint )(".*?"|\S+)/.exec(words)?.[1]
  if (dropped !== undefined)
    return [
      `Drops the column ${unquote(dropped)} with its values. To rename it, write RENAME COLUMN.`,
    ]
  const [, altered = '', action = ''] = /^alter (?:column )?(".*?"|\S+) (.*)/s.exec(words) ?? []
  const column = unquote(altered)
  if (/^(set data )?type /.test(action)) return [`Rewrites every row: type of ${column}.`]
  if (action === 'set not null' && !proven.has(`${table}.${column}`))
    return [
      `Nobody can read ${table} until every row is checked for ${column}. Add CHECK (${column} IS NOT NULL) NOT VALID and VALIDATE it first.`,
    ]
  if (/^rename /.test(words))
    return [`Renames a part of ${table}: processes of the release before fail until they end.`]
  if (/^set (logged|unlogged|tablespace|access method)\b/.test(words))
    return [`Rewrites ${table} while nobody can read it.`]
  return []
}
