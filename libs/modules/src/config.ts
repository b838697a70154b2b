import { authConfig } from '@ashlar/auth/config'
import {
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

/** Reads, validates and freezes the whole configuration. Throws one error with every fault. */
export const loadConfig = (environment: Environment = readEnvironment()) =>
  parseConfig(configDefinitions, environment)

/** Every fault of an environment, without values. */
export const checkConfig = (environment: Environment): ConfigFault[] =>
  findConfigFaults(configDefinitions, environment)
