import type { Client } from 'pg'
import { findRemains } from './concurrent-index.ts'
import type { LockPatience } from './lock-patience.ts'
import { lineOf } from './migration-script.ts'
import {
  DatabaseUnavailableError,
  hasState,
  isPostgresError,
  isUnavailable,
  MigrationError,
  sqlState,
  type PostgresError,
} from './migration.errors.ts'
import type { MigrationFile } from './migration-files.ts'
import type { ScriptFailure } from './run-script.ts'
import type { Statement } from './sql-statements.ts'

/** Says which statement of a file failed and why, what is left of it, and how to go on. */
export async function explainFailure(
  client: Client,
  { name, script }: MigrationFile,
  failure: ScriptFailure,
  locks: LockPatience,
): Promise<MigrationError> {
  const { cause, statements, failed, done } = failure
  const lines = [
    `prisma/migrations/${name}/migration.sql failed.`,
    `  ${reasonOf(cause)}`,
    `  ${placeOf(script, statements[failed], cause)}`,
    ...(isPostgresError(cause) ? [cause.detail, cause.hint] : [])
      .filter((text) => text !== undefined)
      .map((text) => `  ${text}`),
    ...outcomeOf(failure),
    ...(await remainsOf(client, statements[failed])),
    ...(done > 0 ? ['The next try runs all of it: let what is done bear that, or undo it.'] : []),
    ...locks.explain(),
    wayOut(cause),
  ]
  const Fault = isConnectionLost(cause) ? DatabaseUnavailableError : MigrationError
  return new Fault(lines.join('\n'), { cause })
}

function isConnectionLost(cause: unknown): boolean {
  if (isPostgresError(cause)) return isUnavailable(cause)
  return !(cause instanceof MigrationError)
}

/** For the history. `db:status` shows what follows `ERROR:`, which is how Prisma writes it too. */
export const logOf = ({ cause }: ScriptFailure): string =>
  isPostgresError(cause)
    ? `Database error code: ${cause.code}\n\nDatabase error:\nERROR: ${cause.message}`
    : `ERROR: ${reasonOf(cause)}`

function reasonOf(cause: unknown): string {
  if (isPostgresError(cause)) return `${cause.message} (SQLSTATE ${cause.code})`
  return cause instanceof Error ? cause.message : String(cause)
}

/** PostgreSQL names a place inside of the statement only for some errors. */
function placeOf(script: string, statement: Statement | undefined, cause: unknown): string {
  if (!statement) return 'At the end of the script, where everything is checked that was deferred.'
  const { position = '1' } = cause as Partial<PostgresError>
  const number = statement.line + lineOf(statement.text, Number(position)) - 1
  return `Line ${number}: ${(script.split('\n')[number - 1] ?? '').trim()}`
}

function outcomeOf({ statements, failed, done }: ScriptFailure): string[] {
  if (done === 0) return ['Nothing of it was applied.']
  const isUndone = failed > done
  return [
    'It does not run in one transaction, so a part of it stays:',
    `  Done: ${linesOf(statements.slice(0, done))}.`,
    ...(isUndone ? [`  Rolled back: ${linesOf(statements.slice(done, failed))}.`] : []),
    ...(failed + 1 < statements.length
      ? [`  Not run: ${linesOf(statements.slice(failed + 1))}.`]
      : []),
  ]
}

function linesOf(statements: readonly Statement[]): string {
  const [first, last] = [statements[0]?.line, statements.at(-1)?.line]
  if (statements.length === 1) return `the statement of line ${first}`
  return `the ${statements.length} statements from line ${first} to line ${last}`
}

/** A concurrent build that fails leaves its index behind, which costs time at each write. */
async function remainsOf(client: Client, failed: Statement | undefined): Promise<string[]> {
  const names = failed && (await findRemains(client, failed).catch(() => []))
  if (!names || names.length === 0) return []
  return [`The invalid index that it left is dropped by the next try: ${names.join(', ')}.`]
}

const again = 'run npm run db:migrate again.'

function wayOut(cause: unknown): string {
  if (cause instanceof MigrationError) return `Correct the file and ${again}`
  if (!isPostgresError(cause))
    return `Nobody knows whether the failed statement happened. Look, then ${again}`
  if (hasState(cause, sqlState.lockNotAvailable, sqlState.deadlockDetected)) return `Then ${again}`
  if (hasState(cause, sqlState.unsafeEnumValue))
    return (
      'A new value of an enum can be used after the transaction that adds it. Move ALTER TYPE … ADD VALUE to a migration\n' +
      `of its own, in a folder whose name sorts before this one, and ${again}`
    )
  return `Correct the file and ${again}`
}
