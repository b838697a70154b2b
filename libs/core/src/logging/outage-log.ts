import { certificateFault } from '../errors/index.ts'
import type { Logger } from './logger.ts'

const quietMs = 5_000

interface OutageTexts {
  begins?: string
  ends?: string
}

export type OutageLog = ReturnType<typeof createOutageLog>

/**
 * Reports what fails again and again: the first failure, then at most every five seconds how many,
 * and when it works again. Both are silent for five seconds after such a pair, so that what fails
 * every other time does not fill the log; its failures are counted in the next line.
 *
 * @example
 * const outage = createOutageLog(log, 'the quarry')
 * await pool.query('SELECT 1').then(outage.recovered, outage.failed)
 */
export function createOutageLog(
  log: Logger,
  what: string,
  { begins = `${what} fails`, ends = `${what} works again` }: OutageTexts = {},
) {
  let lastTold = -Infinity
  let failures = 0
  let isTold = false
  return { failed, recovered }

  function failed(error: unknown): void {
    failures += 1
    if (performance.now() - lastTold < quietMs) return
    lastTold = performance.now()
    isTold = true
    log.warn({ reason: reasonOf(error), failures }, begins)
  }

  function recovered(): void {
    if (!isTold) return
    log.info({ failures }, ends)
    isTold = false
    failures = 0
  }
}

/**
 * Node's own connection errors may have a code but no message; ioredis' own message tells of its
 * inside.
 */
function reasonOf(error: unknown): string {
  const fault = certificateFault(error)
  if (fault) return fault
  if (!(error instanceof Error)) return String(error)
  if (error.message.startsWith("Stream isn't writeable")) return 'not connected'
  const cause = error.cause instanceof Error ? `: ${reasonOf(error.cause)}` : ''
  return `${lastLine(error) || ('code' in error ? String(error.code) : error.name)}${cause}`
}

/** Before it, Prisma quotes the line of source code that asked. */
const lastLine = ({ message }: Error) => message.trimEnd().split('\n').at(-1) ?? ''
