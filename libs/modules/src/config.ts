import { authConfig } from '@ashlar/auth/config'
import {
  commaSeparated,
  ConfigError,
  coreConfig,
  findConfigFaults,
  findConfigRisks,
  parseConfig,
  readEnvironment,
  type ConfigFault,
  type Environment,
} from '@ashlar/core/config'
import type { Logger } from '@ashlar/core/logging'

/** The configuration of the platform and of every module. */
export const configDefinitions = { core: coreConfig, auth: authConfig }

export type AppConfig = ReturnType<typeof loadConfig>

/** What MODULES may name. */
export const moduleNames = ['auth', 'projects']

/** The readers with keys of their own: the four processes, and an operator's commands. */
export type ProcessName = 'api' | 'worker' | 'scheduler' | 'admin-dashboard' | 'command'

/**
 * Reads, validates and freezes the configuration: of one process, or whole. Throws one error with
 * every fault.
 */
export function loadConfig(environment: Environment = readEnvironment(), process?: ProcessName) {
  const faults = checkConfig(environment, process)
  if (faults.length > 0) throw new ConfigError(faults)
  return parseConfig(configDefinitions, environment, process)
}

/** Every fault of an environment, without values. */
export const checkConfig = (environment: Environment, process?: ProcessName): ConfigFault[] => [
  ...findConfigFaults(configDefinitions, environment, process),
  ...findUnknownModules(environment),
]

/** Logs what is unwise in production and in staging, a line for each key, without values. */
export function warnOfRisks(log: Logger, environment: Environment, process: ProcessName): void {
  for (const { key, problem } of findConfigRisks(configDefinitions, environment, process))
    log.warn({ key }, `${key} ${problem}`)
}

function findUnknownModules({ MODULES = '' }: Environment): ConfigFault[] {
  const unknown = commaSeparated()
    .parse(MODULES)
    .some((name) => !moduleNames.includes(name))
  if (!unknown) return []
  const problem = `names a module that does not exist; there is ${moduleNames.join(', ')}`
  return [{ key: 'MODULES', problem, example: 'auth' }]
}
