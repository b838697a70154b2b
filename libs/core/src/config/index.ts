export { coreConfig, type CoreConfig } from './core.config.ts'
export {
  ConfigError,
  defineConfig,
  describeConfig,
  findConfigFaults,
  findConfigRisks,
  key,
  parseConfig,
  type ConfigDefinition,
  type ConfigFault,
  type ConfigMisfit,
  type ConfigOf,
  type Given,
} from './define-config.ts'
export { exportEnvironment, readEnvironment, type Environment } from './environment.ts'
export { findPoolerMisfits } from './pooler.ts'
export { commaSeparated, duration, flag, host, integer, port, url } from './values.ts'
