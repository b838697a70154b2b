import { pino, type Bindings, type DestinationStream, type Logger as PinoLogger } from 'pino'
import type { CoreConfig } from '../config/index.ts'
import { cleanLine } from './clean-line.ts'
import { createLineBuffer } from './line-buffer.ts'
import { redact } from './redact.ts'
import { requestContext } from './request-context.ts'

export type Logger = PinoLogger

export interface LoggerDeps {
  /** Name of the process: `api`, `worker`, … */
  name: string
  config: Pick<CoreConfig, 'logLevel'>
  /** Where lines go, each at once; standard output by default, where they are collected for up to 20 ms. */
  destination?: DestinationStream
}

/**
 * One JSON line per entry with `time` (ISO 8601), `level` (a word), `process`, `msg`, and the ids of the request or job at hand.
 * Members named like a secret are masked at any depth, and so is what looks like one in any text; nothing in a line can act on a terminal.
 *
 * @example
 * const log = createLogger({ name: 'api', config: { logLevel: 'info' } })
 * log.info({ userId: 1, password: 'never shown' }, 'logged in')
 */
export function createLogger({ name, config, destination }: LoggerDeps): Logger {
  const log = pino(
    {
      level: config.logLevel,
      base: { process: name },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: redact },
      // Errors are described by then; pino's own way of doing it would join the messages of the causes.
      serializers: { err: (error: unknown) => error },
      // A copy, because pino merges the entry into it.
      mixin: () => ({ ...requestContext.current() }),
      hooks: { streamWrite: cleanLine },
    },
    destination ?? createLineBuffer(pino.destination({ dest: 1, sync: true })),
  )
  redactBindings(log)
  return log
}

/** What a child logger is bound to passes no formatter of pino's. Children inherit this. */
function redactBindings(log: Logger): void {
  const child = log.child
  log.child = function (this: Logger, bindings: Bindings, options) {
    return child.call(this, redact(bindings), options)
  } as Logger['child']
}
