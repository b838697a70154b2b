import { splitStatements, type Statement } from './sql-statements.ts'

/** A script as it is sent: its statements, and whether one transaction can hold them. */
export interface MigrationScript {
  statements: readonly Statement[]
  atomic: boolean
}

const concurrent = /^(create|drop|alter|reindex)\b.*\bconcurrently\b/

// It ends the transaction around it, or PostgreSQL refuses it inside of one.
const ownTransaction = /^(begin|start transaction|commit|end|rollback(?! to)|abort|vacuum)\b/

/** Waits for transactions to end, without holding up others meanwhile. */
export const isConcurrent = ({ bare }: Statement): boolean => concurrent.test(bare)

export function readScript(script: string): MigrationScript {
  const statements = splitStatements(script)
  return { statements, atomic: !statements.some(standsAlone) }
}

const standsAlone = (statement: Statement): boolean =>
  ownTransaction.test(statement.bare) || isConcurrent(statement)

/** The line, from 1, that an error of PostgreSQL points at. `position` counts characters from 1. */
export const lineOf = (sql: string, position: number): number =>
  [...sql].slice(0, position - 1).filter((character) => character === '\n').length + 1
