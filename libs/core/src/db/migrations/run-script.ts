import type { Client } from 'pg'
import { isUnnamedBuild, runConcurrently } from './concurrent-index.ts'
import type { LockPatience } from './lock-patience.ts'
import { isConcurrent, readScript } from './migration-script.ts'
import { hasState, MigrationError, sqlState } from './migration.errors.ts'
import type { Statement } from './sql-statements.ts'

export interface ScriptFailureDeps {
  cause: unknown
  statements: readonly Statement[]
  /**
   * Index of the statement that failed; the number of statements if it was the end of the
   * transaction.
   */
  failed: number
  /** How many statements are done for good. */
  done: number
}

/**
 * A statement of a migration that was refused, and the number of those before it that stay done.
 */
export class ScriptFailure extends Error {
  readonly statements: readonly Statement[]
  readonly failed: number
  readonly done: number

  constructor({ cause, statements, failed, done }: ScriptFailureDeps) {
    super('A statement of a migration failed', { cause })
    this.name = 'ScriptFailure'
    this.statements = statements
    this.failed = failed
    this.done = done
  }
}

export interface ScriptRun {
  client: Client
  script: string
  /** Whether it was begun before, so that a part of it may be done. */
  isRepeat: boolean
  locks: LockPatience
  markDone: () => Promise<void>
}

/**
 * Runs a script in one transaction, together with `markDone`: a process that dies between the two
 * would otherwise leave a migration of which nobody can tell whether it happened. A script that no
 * transaction can hold runs statement by statement. What gets no lock is tried again: a transaction
 * as a whole, other statements from the one that got none. Throws {@link ScriptFailure}.
 */
export async function runScript(run: ScriptRun): Promise<void> {
  const { statements, atomic } = readScript(run.script)
  refuseUnnamedBuild(statements)
  if (!atomic) return runEach(run, statements)
  try {
    await run.locks.retry(() => runTogether(run, statements))
  } catch (error) {
    if (!refusesTransaction(error)) throw error
    await runEach(run, statements)
  }
}

function refuseUnnamedBuild(statements: readonly Statement[]): void {
  const failed = statements.findIndex(isUnnamedBuild)
  if (failed === -1) return
  const cause = new MigrationError(
    'CREATE INDEX CONCURRENTLY needs a name for the index, by which a failed build is found again.',
  )
  throw new ScriptFailure({ cause, statements, failed, done: 0 })
}

async function runTogether(
  { client, markDone }: ScriptRun,
  statements: readonly Statement[],
): Promise<void> {
  let failed = 0
  await client.query('BEGIN')
  try {
    for (; failed < statements.length; failed += 1) await client.query(statements[failed]!.text)
    await client.query('SET CONSTRAINTS ALL IMMEDIATE')
    await markDone()
    await client.query('COMMIT')
  } catch (cause) {
    await rollBack(client)
    throw new ScriptFailure({ cause, statements, failed, done: 0 })
  }
}

async function runEach(run: ScriptRun, statements: readonly Statement[]): Promise<void> {
  const { client, locks, markDone } = run
  let done = 0
  await locks.retry(runRest)
  await markDone()

  async function runRest(): Promise<void> {
    let next = done
    try {
      for (; next < statements.length; next += 1) {
        await runAlone(run, statements[next]!)
        if (!isInTransaction(client)) done = next + 1
      }
      if (isInTransaction(client))
        throw new MigrationError('The script leaves its transaction open. End it with COMMIT.')
    } catch (cause) {
      await rollBack(client)
      throw new ScriptFailure({ cause, statements, failed: next, done })
    }
  }
}

async function runAlone({ client, isRepeat }: ScriptRun, statement: Statement): Promise<void> {
  if (isConcurrent(statement)) await runConcurrently(client, statement, isRepeat)
  else await client.query(statement.text)
}

/**
 * PostgreSQL knows more statements that refuse a transaction than a list would name, and procedures
 * that commit.
 */
const refusesTransaction = (error: unknown): boolean =>
  error instanceof ScriptFailure &&
  hasState(error.cause, sqlState.insideTransaction, sqlState.transactionEnd)

const isInTransaction = (client: Client): boolean => client.getTransactionStatus() !== 'I'

/** The failure before it is the one to report. */
async function rollBack(client: Client): Promise<void> {
  if (isInTransaction(client)) await client.query('ROLLBACK').catch(() => undefined)
}
