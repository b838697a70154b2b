import { splitStatements } from './sql-statements.ts'

/**
 * Cuts a script in two where it adds a value to an enum and uses it: PostgreSQL allows that only
 * after the transaction that adds it. Returns the script alone where that is not so.
 */
export function separateNewEnumValues(script: string): string[] {
  const statements = splitStatements(script).map(({ text }) => text)
  const added = statements.filter((text) => addedValue(text) !== undefined)
  const others = statements.filter((text) => addedValue(text) === undefined)
  const isUsed = added.some((text) => others.some((other) => other.includes(addedValue(text)!)))
  return isUsed
    ? [added, others].map((texts) => texts.map((text) => `${text};\n`).join('\n'))
    : [script]
}

/** The literal with its quotes, as every use of the value has it. */
const addedValue = (statement: string): string | undefined =>
  /^ALTER TYPE\s.+\sADD VALUE\s+(?:IF NOT EXISTS\s+)?('(?:[^']|'')*')/i.exec(statement)?.[1]
