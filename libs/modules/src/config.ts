import { authConfig } from '@ashlar/auth/config'
import {
  commaSeparated,
  ConfigError,
  coreConfig,
  findConfigFaults,
  parseConfig,
  readEnvironment,
  type ConfigFault,
  type Environment,
} from '@ashlar/core/config'

/** The configuration of the platform and of every module. */
export const configDefinitions = { core: coreConfig, auth: authConfig }

export type AppConfig = ReturnType<typeof loadConfig>

/** What MODULES may name. */
export const moduleNames = ['auth', 'projects']

/** Reads, validates and freezes the whole configuration. Throws one error with every fault. */
export function loadConfig(environment: Environment = readEnvironment()) {
  const faults = checkConfig(environment)
  if (faults.length > 0) throw new ConfigError(faults)
  return parseConfig(configDefinitions, environment)
}

/** Every fault of an environment, without values. */
export const checkConfig = (environment: Environment): ConfigFault[] => [
  ...findConfigFaults(configDefinitions, environment),
  ...findUnknownModules(environment),
]

function findUnknownModules({ MODULES = '' }: Environment): ConfigFault[] {
  const unknown = commaSeparated()
    .parse(MODULES)
    .some((name) => !moduleNames.includes(name))
  if (!unknown) return []
  const problem = `names a module that does not exist; there is ${moduleNames.join(', ')}`
  return [{ key: 'MODULES', problem, example: 'auth' }]
}
