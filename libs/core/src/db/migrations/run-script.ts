import type { Client } from 'pg'
import { readScript } from './migration-script.ts'
import { hasState, sqlState } from './migration.errors.ts'
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

/**
 * Runs a script in one transaction, together with `markDone`: a process that dies between the two
 * would otherwise leave a migration of which nobody can tell whether it happened. A script that no
 * transaction can hold runs statement by statement. Throws {@link ScriptFailure}.
 */
export async function runScript(
  client: Client,
  script: string,
  markDone: () => Promise<void>,
): Promise<void> {
  const { statements, atomic } = readScript(script)
  if (!atomic) return runEach(client, statements, markDone)
  try {
    await runTogether(client, statements, markDone)
  } catch (error) {
    if (!refusesTransaction(error)) throw error
    await runEach(client, statements, markDone)
  }
}

async function runTogether(
  client: Client,
  statements: readonly Statement[],
  markDone: () => Promise<void>,
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

async function runEach(
  client: Client,
  statements: readonly Statement[],
  markDone: () => Promise<void>,
): Promise<void> {
  let failed = 0
  let done = 0
  try {
    for (; failed < statements.length; failed += 1) {
      await client.query(statements[failed]!.text)
      if (!isInTransaction(client)) done = failed + 1
    }
    if (isInTransaction(client))
      throw new Error('The script leaves its transaction open. End it with COMMIT.')
  } catch (cause) {
    await rollBack(client)
    throw new ScriptFailure({ cause, statements, failed, done })
  }
  await markDone()
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
