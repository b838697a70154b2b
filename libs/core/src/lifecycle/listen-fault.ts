import { ConfigError } from '../config/index.ts'
import { describePortHolder, findPortHolder } from './port-holder.ts'

export type PortVariable = 'PORT' | 'MANAGEMENT_PORT'
export type HostVariable = 'HOST' | 'MANAGEMENT_HOST'

/** The keys of the configuration that say where a server listens. */
export interface ListenVariables {
  port: PortVariable
  host: HostVariable
}

interface ListenFault {
  code: string
  port: number
}

/** A server cannot listen. The message says why, and which key to change. */
export class ListenError extends Error {
  readonly code: string
  readonly port: number

  constructor({ code, port }: ListenFault, message: string) {
    super(message)
    this.name = 'ListenError'
    this.code = code
    this.port = port
  }
}

/**
 * Finds out why a server cannot listen; any failure of another kind is returned as it is. To be
 * called at once: a process that fails to start stops, and frees its own ports.
 */
export function explainListenFault(error: unknown, variables: ListenVariables): unknown {
  const { code = '', port = 0 } = error as Partial<ListenFault>
  const fault = { code, port }
  if (code === 'EADDRINUSE') return explainTakenPort(fault, variables.port)
  if (code === 'EACCES')
    return new ListenError(
      fault,
      `Port ${port} needs more rights than this process has. Set ${variables.port} to another port, above 1023.`,
    )
  const problem = hostProblems[code]
  return problem
    ? new ListenError(fault, `${variables.host} ${problem} Remove it to listen on every address.`)
    : error
}

const unknownName = 'is a name that leads to no address.'

const hostProblems: Partial<Record<string, string>> = {
  EADDRNOTAVAIL: 'is no address of this machine.',
  EAFNOSUPPORT: 'is an address of a kind that this machine does not have, such as IPv6.',
  EINVAL: 'is an address on which nothing can listen: one of a link needs its zone (fe80::1%eth0).',
  ENOTFOUND: unknownName,
  EAI_AGAIN: unknownName,
}

function explainTakenPort(fault: ListenFault, variable: PortVariable): Error {
  const { port } = fault
  const holder = findPortHolder(port)
  if (holder?.pid === process.pid) return samePort(variable)
  return new ListenError(
    fault,
    `Port ${port} is taken by ${describePortHolder(holder)}. Set ${variable} to another port.`,
  )
}

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
