import {
  AppError,
  databaseContention,
  databaseTimeout,
  databaseUnavailable,
  notFound,
  referenceBroken,
  valueRefused,
  valueTaken,
} from '../errors/index.ts'
import { connectionFault } from './connection-fault.ts'
import { saysWhileOpened } from './opening-error.ts'

const retryAfterSeconds = 1

// Codes of Prisma, PostgreSQL (SQLSTATE) and the system, and kinds of Prisma's adapter, which has no code for a socket that fails in COMMIT. Not
// messages, because those quote values and lines of source code.
const taken = /^(P2002|23505)$/
const missing = /^(P2015|P2018|P2025)$/
const brokenReference = /^(P2003|P2014|23503|23001)$/
// Too long, out of range, no such form, a broken check, U+0000.
const refused = /^(P2000|P2020|P2007|22001|22003|22007|22008|22P02|23514|22021|22P05)$/
// 0A000: a migration changed what a statement gives whose plan the connection kept. Its pool closes it, and another one plans anew.
const contended = /^(40001|40P01|P2034|0A000)$/
const timedOut = /^(57014|55P03|25P0[34])$/
// Away, out of connections, disk or memory, a broken disk, a standby after a failover, which takes
// no writes (25006), or closed to this process: another password, no rights, another name of the
// database.
const unavailable =
  /^(P1000|P1001|P1002|P1003|28\w{3}|3D000|P1008|P1017|P2024|P2037|57P0\d|08\w{3}|53\w{3}|58\w{3}|25006|ECONN\w+|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|E(HOST|NET)UNREACH|ConnectionClosed|DatabaseNotReachable|SocketTimeout|TlsConnectionError)$/
// A socket or a session that ended after a statement was sent. 57P03, 08001 and 08004 come while it
// is opened.
const unanswered =
  /^(P1017|57P0[1245]|08(?!00[14])\w{3}|ECONNRESET|EPIPE|ETIMEDOUT|E(HOST|NET)UNREACH|ConnectionClosed|SocketTimeout)$/
const lost = /^(P1017|57P0[12]|ECONNRESET|EPIPE|ConnectionClosed|0A000)$/

// What `pg` says without any code, and Prisma under the one code that it has for everything about transactions.
const codeOfTransactions = 'P2028'
const saysLost = /^Connection terminated unexpectedly$|not queryable$/
const saysUnanswered = /^Query read timeout$|^Connection terminated( unexpectedly)?$/
const saysTimedOut = /^Query read timeout$|on an expired transaction/
const saysUnavailable =
  /^timeout exceeded when trying to connect$|^Connection terminated|not queryable$|Unable to start a transaction in the given time/

/**
 * Turns a database failure into an {@link AppError} with the failure as its `cause`: a unique value that is taken (409), a broken reference
 * (409), a value that a column does not take (422), a missing row (404), a transaction that was given up for others, a server that is away or
 * too slow (503). Anything else is a defect and comes back as it is.
 */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof AppError) return error
  const failures = chain(error)
  const codes = failures
    .flatMap(({ code, originalCode, kind }) => [code, originalCode, kind])
    .map(String)
  const sayings = failures.filter(speaksForItself).map(lastLine)
  const fault = failures.map(connectionFault).find(Boolean)
  if (fault)
    return databaseUnavailable({ cause: new Error(fault, { cause: error }), retryAfterSeconds })
  const shows = (code: RegExp, saying?: RegExp) =>
    codes.some((each) => code.test(each)) || sayings.some((each) => saying?.test(each))
  if (shows(taken)) return valueTaken({ cause: error, ...detailOfTaken(failures) })
  if (shows(missing)) return notFound({ cause: error })
  if (shows(brokenReference)) return referenceBroken({ cause: error })
  if (shows(refused)) return valueRefused({ cause: error })
  if (shows(contended)) return databaseContention({ cause: error, retryAfterSeconds })
  if (shows(timedOut, saysTimedOut)) return databaseTimeout({ cause: error, retryAfterSeconds })
  if (shows(unavailable, saysUnavailable))
    return databaseUnavailable({ cause: error, retryAfterSeconds })
  return error
}

const outcomeUnknown = {
  detail:
    'The database did not confirm the change, which may have happened all the same. Where the route takes an Idempotency-Key, a repeat with the same key is safe; otherwise look first whether it has happened.',
  extensions: { outcome: 'unknown' },
}

/**
 * The same for a change, the whole of a transaction or a statement outside: one that was sent and
 * not answered may have happened, and the error says so in its `detail` and by `outcome`.
 */
export function toChangeError(error: unknown): unknown {
  const told = toDatabaseError(error)
  if (!(told instanceof AppError) || !isUnanswered(error)) return told
  return new AppError(told.definition, { cause: error, retryAfterSeconds, ...outcomeUnknown })
}

/** Whether a change that failed with this error may have happened. */
export const isOutcomeUnknown = (error: unknown): boolean =>
  error instanceof AppError && error.extensions['outcome'] === outcomeUnknown.extensions.outcome

function isUnanswered(error: unknown): boolean {
  const failures = chain(error)
  const says = (saying: RegExp) =>
    failures.some((each) => speaksForItself(each) && saying.test(lastLine(each)))
  if (says(saysWhileOpened)) return false
  return (
    says(saysUnanswered) ||
    failures.some(({ originalCode, code, kind }) =>
      unanswered.test(String(originalCode ?? code ?? kind)),
    )
  )
}

/**
 * True when the write failed because this unique index holds the value already, or because this foreign key has no target or is still used.
 *
 * @example
 * if (violates(error, 'stone_name_key')) throw stoneTaken({ cause: error })
 */
export function violates(error: unknown, constraint: string): boolean {
  return (
    error instanceof AppError &&
    (error.code === valueTaken.code || error.code === referenceBroken.code) &&
    chain(error).some((failure) => constraintOf(failure) === constraint)
  )
}

/** The connection ended before an answer came, or is of no use for this statement; whether the statement ran is not known. */
export function isConnectionLost(error: unknown): boolean {
  const failures = chain(error)
  return failures.some(
    (failure) =>
      lost.test(String(failure.originalCode ?? failure.code ?? failure.kind)) ||
      (speaksForItself(failure) && saysLost.test(lastLine(failure))),
  )
}

/** What errors of Prisma, of its adapter and of `pg` may hold. */
interface Failure {
  code?: string
  message?: string
  cause?: unknown
  meta?: { driverAdapterError?: unknown }
  originalCode?: string
  kind?: string
  table?: string
  constraint?: string | { index?: string }
}

/** The error, what Prisma hides in its `meta`, and the causes of both. */
function chain(error: unknown, depth = 0): Failure[] {
  if (typeof error !== 'object' || error === null || depth > 5) return []
  const failure = error as Failure
  const { cause, meta } = failure
  return [failure, ...chain(meta?.driverAdapterError, depth + 1), ...chain(cause, depth + 1)]
}

const constraintOf = ({ constraint }: Failure): string | undefined =>
  typeof constraint === 'string' ? constraint : constraint?.index

/** Which field it is, where the index is called `<table>_<column>_key`, as Prisma calls it. */
function detailOfTaken(failures: Failure[]): { detail?: string } {
  const failure = failures.find(({ constraint }) => constraint !== undefined)
  const [start, end] = [`${failure?.table}_`, '_key']
  const index = (failure && constraintOf(failure)) ?? ''
  if (!index.startsWith(start) || !index.endsWith(end)) return {}
  const column = index.slice(start.length, -end.length)
  const field = column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  return { detail: `The value of "${field}" is taken already.` }
}

const speaksForItself = ({ code }: Failure) => code === undefined || code === codeOfTransactions

/** Before it, Prisma quotes the line of source code that asked. */
const lastLine = ({ message = '' }: Failure) => message.trimEnd().split('\n').at(-1) ?? ''
