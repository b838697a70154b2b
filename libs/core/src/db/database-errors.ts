import {
  AppError,
  databaseContention,
  databaseTimeout,
  databaseUnavailable,
  notFound,
  valueTaken,
} from '../errors/index.ts'

const retryAfterSeconds = 1

// Codes of Prisma, PostgreSQL (SQLSTATE) and the system. Not messages, because those quote values and lines of source code.
const taken = /^(P2002|23505)$/
const missing = /^P2025$/
const contended = /^(40001|40P01|P2034)$/
const timedOut = /^(57014|55P03|25P0[34])$/
const unavailable =
  /^(P1001|P1002|P1008|P1017|P2024|P2037|57P0\d|08\w{3}|53300|ECONN\w+|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|E(HOST|NET)UNREACH)$/

// What `pg` says without any code, and Prisma under the one code that it has for everything about transactions.
const codeOfTransactions = 'P2028'
const saysTimedOut = /^Query read timeout$|on an expired transaction/
const saysUnavailable =
  /^timeout exceeded when trying to connect$|^Connection terminated|not queryable$|Unable to start a transaction in the given time/

/**
 * Turns a database failure into an {@link AppError} with the failure as its `cause`: unique values taken (409), a missing row (404),
 * a transaction that
 * was given up for others (503), a server that is away (503) or too slow (503). Anything else is a defect and comes back as it is.
 */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof AppError) return error
  const failures = chain(error)
  const codes = failures.flatMap(({ code, originalCode }) => [code, originalCode]).map(String)
  const sayings = failures.filter(speaksForItself).map(lastLine)
  const shows = (code: RegExp, saying?: RegExp) =>
    codes.some((each) => code.test(each)) || sayings.some((each) => saying?.test(each))
  if (shows(taken)) return valueTaken({ cause: error })
  if (shows(missing)) return notFound({ cause: error })
  if (shows(contended)) return databaseContention({ cause: error, retryAfterSeconds })
  if (shows(timedOut, saysTimedOut)) return databaseTimeout({ cause: error, retryAfterSeconds })
  if (shows(unavailable, saysUnavailable))
    return databaseUnavailable({ cause: error, retryAfterSeconds })
  return error
}

/** True when the write failed because this unique index holds the value already. */
export function violates(error: unknown, index: string): boolean {
  return (
    error instanceof AppError &&
    error.code === valueTaken.code &&
    chain(error).some(({ constraint }) => index === (constraint?.index ?? constraint))
  )
}

/** What errors of Prisma, of its adapter and of `pg` may hold. */
interface Failure {
  code?: string
  message?: string
  cause?: unknown
  meta?: { driverAdapterError?: unknown }
  originalCode?: string
  constraint?: { index?: string }
}

/** The error, what Prisma hides in its `meta`, and the causes of both. */
function chain(error: unknown, depth = 0): Failure[] {
  if (typeof error !== 'object' || error === null || depth > 5) return []
  const failure = error as Failure
  const { cause, meta } = failure
  return [failure, ...chain(meta?.driverAdapterError, depth + 1), ...chain(cause, depth + 1)]
}

const speaksForItself = ({ code }: Failure) => code === undefined || code === codeOfTransactions

/** Before it, Prisma quotes the line of source code that asked. */
const lastLine = ({ message = '' }: Failure) => message.trimEnd().split('\n').at(-1) ?? ''
