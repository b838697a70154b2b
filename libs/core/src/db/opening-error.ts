const says = /^(timeout expired|Connection terminated( unexpectedly)?)$/
const code = /^(ECONNRESET|EPIPE|ETIMEDOUT|E(HOST|NET)UNREACH)$/

const message = 'Connection terminated while it was opened'

/**
 * Marks a connection that ended before anything was sent over it. `pg` reports it in the same words
 * as one that ended in the middle of a statement, which may have been carried out.
 */
export function whileOpened(error: Error & { code?: string }): Error {
  if (!says.test(error.message) && !code.test(error.code ?? '')) return error
  return new Error(message, { cause: error })
}

export const saysWhileOpened = new RegExp(`^${message}$`)
