export { coreConfig, type CoreConfig } from './core.config.ts'
export {
  ConfigError,
  defineConfig,
  describeConfig,
  findConfigFaults,
  key,
  parseConfig,
  type ConfigDefinition,
  type ConfigFault,
  type ConfigMisfit,
  type ConfigOf,
  type Given,
} from './define-config.ts'
export { exportEnvironment, readEnvironment, type Environment } from './environment.ts'
export { commaSeparated, duration, flag, integer, port, url } from './values.ts'
