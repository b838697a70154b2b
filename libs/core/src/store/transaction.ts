import { setTimeout as sleep } from 'node:timers/promises'
import { toChangeError, toDatabaseError, type Database, type Db } from '../db/index.ts'
import { AppError, databaseContention } from '../errors/index.ts'

export interface TransactionOptions {
  /** How much of what others do at the same time it may see; `read committed` if absent. */
  isolation?: Isolation
  /** Milliseconds for the whole of it; 10 000 if absent. */
  timeoutMs?: number
  /** Milliseconds for each statement; 5 000 if absent, which is also the most that counts. */
  statementTimeoutMs?: number
  /** Milliseconds that a statement waits for a lock; 1 400 if absent. At 1 000 and less a deadlock is a timeout, and nothing runs again. */
  lockTimeoutMs?: number
}

type Isolation = 'read committed' | 'repeatable read' | 'serializable'

const levels = {
  'read committed': 'ReadCommitted',
  'repeatable read': 'RepeatableRead',
  serializable: 'Serializable',
} as const

const strictness = Object.keys(levels)

/** How long `BEGIN` may take, in milliseconds. Above the second that the pool itself lets anybody wait for a connection. */
const maxWait = 1_500

/** So that a transaction that can never win ends within a second. */
const retries = 3

type Tx = Parameters<Parameters<Db['$transaction']>[0]>[0]

/** Runs `work` in a transaction of its own, and again when PostgreSQL gave it up for the sake of others. */
export async function runTransaction<T>(
  database: Pick<Database, 'client' | 'transactionLimits'>,
  options: TransactionOptions,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runOnce(database, options, work)
    } catch (error) {
      if (attempt > retries || !isContention(error)) throw error
      await sleep(pauseBefore(attempt))
    }
  }
}

async function runOnce<T>(
  { client, transactionLimits }: Pick<Database, 'client' | 'transactionLimits'>,
  { isolation = 'read committed', timeoutMs = 10_000, ...options }: TransactionOptions,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  let failure: { error: unknown } | undefined
  let isCommitting = false
  const limits = { maxWait, timeout: timeoutMs, isolationLevel: levels[isolation] }
  return client
    .$transaction(async (tx) => {
      await setLimits(tx, { ...transactionLimits, ...limitsOf(options) })
      const result = await work(tx).catch((error: unknown) => {
        failure = { error }
        throw error
      })
      isCommitting = true
      return result
    }, limits)
    .catch((error: unknown) => {
      // What `work` threw is not ours to read: a refused connection to another service is no news of the database.
      if (failure?.error === error) throw error
      throw isCommitting ? toChangeError(error) : toDatabaseError(error)
    })
}

const limitsOf = ({ statementTimeoutMs, lockTimeoutMs }: TransactionOptions) => ({
  ...(statementTimeoutMs !== undefined && { statement_timeout: statementTimeoutMs }),
  ...(lockTimeoutMs !== undefined && { lock_timeout: lockTimeoutMs }),
})

/** As `SET LOCAL`: they end with the transaction, whoever has the connection next. */
async function setLimits(tx: Tx, limits: Record<string, number>): Promise<void> {
  const names = Object.keys(limits)
  if (names.length === 0) return
  const values = Object.values(limits).map(String)
  await tx.$queryRaw`SELECT set_config(name, value, true) FROM unnest(${names}::text[], ${values}::text[]) AS t(name, value)`
}

/** The statement that lost tells so; a `COMMIT` whose connection broke does not, and is never repeated: it may have happened. */
const isContention = (error: unknown): boolean =>
  error instanceof AppError && error.code === databaseContention.code

/** Doubled each time and drawn by lot, so that two that met do not meet again. */
const pauseBefore = (attempt: number): number => (0.5 + Math.random()) * 10 * 2 ** attempt

/** A transaction cannot become stricter on its way. Throws, because silence would be a lost promise. */
export function refuseStricter(
  { isolation: wanted = 'read committed' }: TransactionOptions,
  { isolation: given = 'read committed' }: TransactionOptions,
): void {
  if (strictness.indexOf(wanted) > strictness.indexOf(given))
    throw new Error(
      `A transaction that is ${given} cannot be joined by one that must be ${wanted}. Ask for ${wanted} where it begins.`,
    )
}
