import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino'
import type { CoreConfig } from '../config/index.ts'
import { redact, redactError } from './redact.ts'
import { requestContext } from './request-context.ts'

export type Logger = PinoLogger

export interface LoggerDeps {
  /** Name of the process: `api`, `worker`, … */
  name: string
  config: Pick<CoreConfig, 'logLevel'>
  /** Where lines go; standard output by default. */
  destination?: DestinationStream
}

/**
 * One JSON line per entry with `time` (ISO 8601), `level` (a word), `process`, `msg`, and the request id of the request at hand.
 * Members named like a secret are masked at any depth, see {@link redact}.
 */
export function createLogger({ name, config, destination }: LoggerDeps): Logger {
  return pino(
    {
      level: config.logLevel,
      base: { process: name },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: redact },
      serializers: { err: redactError, error: redactError },
      // A copy, because pino merges the entry into it.
      mixin: () => ({ ...requestContext.current() }),
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  )
}
