import { ConfigError } from '../config/index.ts'
import { describePortHolder, findPortHolder } from './port-holder.ts'

export type PortVariable = 'PORT' | 'MANAGEMENT_PORT'

/** Another process listens on a port. Its message tells which, and what to do. */
export class PortTakenError extends Error {
  readonly code = 'EADDRINUSE'
  readonly port: number

  constructor(port: number, holder: string, variable: PortVariable) {
    super(`Port ${port} is taken by ${holder}. Set ${variable} to another port.`)
    this.name = 'PortTakenError'
    this.port = port
  }
}

/**
 * Finds out who holds the port that a server could not listen on; any other failure it gives back. To be asked at once: a process that fails to
 * start stops, and lets go of its own ports.
 */
export function explainTakenPort(error: unknown, variable: PortVariable): unknown {
  if (!isPortTaken(error)) return error
  const holder = findPortHolder(error.port)
  if (holder?.pid === process.pid) return samePort(variable)
  return new PortTakenError(error.port, describePortHolder(holder), variable)
}

const isPortTaken = (error: unknown): error is { port: number } =>
  (error as NodeJS.ErrnoException).code === 'EADDRINUSE'

/** A process has two ports at most. */
function samePort(variable: PortVariable): ConfigError {
  const isPublic = variable === 'PORT'
  return new ConfigError([
    {
      key: variable,
      problem: `must be another port than ${isPublic ? 'MANAGEMENT_PORT' : 'PORT'}`,
      example: isPublic ? '3000' : '9464',
    },
  ])
}
