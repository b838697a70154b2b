import { unquote, type TableAction } from './schema-changes.ts'

/**
 * An action in two parts: one that holds its lock for a moment, and one that reads the rows later.
 */
export interface SafeAction {
  now: string
  note: string
  /** With its quotes. */
  constraint: string
  /** The column that becomes required once the constraint is checked. */
  column?: string
}

/** The safe form of an action on a table with rows; null where it is safe as it is, or has none. */
export function toSafeAction(table: string, { text, words }: TableAction): SafeAction | null {
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

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
