import { certificateFault } from '../errors/index.ts'
import type { Logger } from '../logging/index.ts'

const quietMs = 5_000

export type OutageLog = ReturnType<typeof createOutageLog>

/** Tells of something that fails again and again: the first time, then at most every five seconds, and when it works again. */
export function createOutageLog(log: Logger, what: string) {
  let lastTold = -Infinity
  let failures = 0
  return { failed, recovered }

  function failed(error: unknown): void {
    failures += 1
    if (performance.now() - lastTold < quietMs) return
    lastTold = performance.now()
    log.warn({ reason: reasonOf(error), failures }, `${what} fails`)
  }

  function recovered(): void {
    if (failures === 0) return
    log.info({ failures }, `${what} works again`)
    lastTold = -Infinity
    failures = 0
  }
}

/** Node's own connection errors may have a code but no message; ioredis' own message tells of its inside. */
function reasonOf(error: unknown): string {
  const fault = certificateFault(error)
  if (fault) return fault
  if (!(error instanceof Error)) return String(error)
  if (error.message.startsWith("Stream isn't writeable")) return 'not connected'
  const cause = error.cause instanceof Error ? `: ${reasonOf(error.cause)}` : ''
  return `${error.message || ('code' in error ? String(error.code) : error.name)}${cause}`
}
