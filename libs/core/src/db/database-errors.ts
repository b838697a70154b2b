import {
  AppError,
  databaseTimeout,
  databaseUnavailable,
  notFound,
  valueTaken,
} from '../errors/index.ts'

const retryAfterSeconds = 1

/** What Prisma, its adapter and `pg` say when the server is not there or the connection went away. */
const unavailable =
  /P1001|P1002|P1008|P1017|P2024|P2028|P2037|ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|ETIMEDOUT|57P01|57P02|57P03|08\d{3}|53300|timeout exceeded when trying to connect|connection terminated|not queryable|connection error|can't reach database/i
const timedOut = /57014|55P03|query read timeout|statement timeout|lock timeout/i

/**
 * Turns a database failure into an {@link AppError} with the failure as its `cause`: unique values taken (409), a missing row (404),
 * a server that is away (503) or too slow (503). Anything else is a defect and comes back as it is.
 */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof AppError) return error
  const signs = signsOf(error)
  if (/\b(P2002|23505)\b/.test(signs)) return valueTaken({ cause: error })
  if (/\bP2025\b/.test(signs)) return notFound({ cause: error })
  if (timedOut.test(signs)) return databaseTimeout({ cause: error, retryAfterSeconds })
  if (unavailable.test(signs)) return databaseUnavailable({ cause: error, retryAfterSeconds })
  return error
}

/** True when the write failed because this unique index holds the value already. */
export function violates(error: unknown, index: string): boolean {
  return (
    error instanceof AppError &&
    error.code === valueTaken.code &&
    JSON.stringify(chain(error)).includes(`"${index}"`)
  )
}

/** Codes and messages along the chain of causes, where Prisma hides the server's own answer in `meta`. */
function signsOf(error: unknown): string {
  return chain(error)
    .map(({ code, message, meta }) => [code, message, JSON.stringify(meta ?? '')].join(' '))
    .join(' ')
}

interface Sign {
  code?: unknown
  message?: unknown
  meta?: unknown
}

function chain(error: unknown, depth = 0): Sign[] {
  if (typeof error !== 'object' || error === null || depth > 5) return []
  const { code, message, meta, cause } = error as Sign & { cause?: unknown }
  return [{ code, message, meta: plain(meta ?? cause) }, ...chain(cause, depth + 1)]
}

/** Errors inside `meta` do not survive JSON by themselves. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (_, inner: unknown) =>
      inner instanceof Error ? { ...inner, message: inner.message, cause: inner.cause } : inner,
    ),
  )
}
