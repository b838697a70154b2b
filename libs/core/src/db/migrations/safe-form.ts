import { separateNewEnumValues } from './new-enum-values.ts'
import { sortSafely, type Part } from './safe-statements.ts'
import { splitStatements } from './sql-statements.ts'

/** One migration of those that a change is written as. */
export interface Step {
  /** Behind the name of the change; empty for its main part. */
  suffix: string
  script: string
  /** How a live database goes on meanwhile, one sentence each. */
  notes: string[]
}

/**
 * Writes the engine's script in the form that keeps nobody waiting for long, as far as SQL alone
 * can do that: indexes are built CONCURRENTLY, constraints are added NOT VALID and checked in a
 * later migration. Tables that the script creates are empty, and stay as they are.
 */
export function writeSafely(script: string): Step[] {
  const { main, replaced, indexes, unused, validate, required } = sortSafely(
    splitStatements(script),
  )
  const later = [
    toStep('_indexes', indexHead, replaced, indexes, unused),
    toStep('_validate', validateHead, validate),
    toStep('_not_null', requiredHead, required),
  ].filter(isUsed)
  // The engine's own comments stay where nothing is changed.
  if (later.length === 0) return withEnumValues(script, [])
  const steps = [...withEnumValues(join(main), main.notes).filter(isUsed), ...later]
  return steps.length === 1 ? [{ ...steps[0]!, suffix: '' }] : steps
}

/** New values of an enum come first where the rest uses them. */
function withEnumValues(script: string, notes: string[]): Step[] {
  const scripts = separateNewEnumValues(script)
  const main = { suffix: '', script: scripts.at(-1)!, notes }
  return scripts.length === 1
    ? [main]
    : [{ suffix: '_values', script: scripts[0]!, notes: [] }, main]
}

function toStep(suffix: string, head: string, ...parts: Part[]): Step {
  const script = parts
    .map(join)
    .filter((text) => text !== '')
    .join('\n')
  return {
    suffix,
    script: script && `${head}\n\n${script}`,
    notes: parts.flatMap(({ notes }) => notes),
  }
}

const isUsed = ({ script }: Step): boolean => script !== ''

const join = ({ statements }: Part): string => statements.map((text) => `${text};\n`).join('\n')

const indexHead = `-- CONCURRENTLY lets reads and writes go on, and runs outside of a transaction: a repeat
-- after a failure begins anew. It waits for the transactions that are open.`
const validateHead = `-- The rows of before are checked while reads and writes go on. A row that breaks a rule
-- makes this fail: mend it, and migrate again.`
const requiredHead = `-- The check proves that no row is without a value, so the rows are not read again.`
