import { coreConfig, defineConfig, parseConfig, type Environment } from '@ashlar/core/config'

const { APP_ENV, DATABASE_URL, DATABASE_DIRECT_URL } = coreConfig.keys as Record<
  'APP_ENV' | 'DATABASE_URL' | 'DATABASE_DIRECT_URL',
  (typeof coreConfig.keys)[string]
>

/** The part of core's configuration that migrations need: a migration job gets no mail server and no keys. */
const databaseConfig = defineConfig({ APP_ENV, DATABASE_URL, DATABASE_DIRECT_URL }, (env) => ({
  appEnv: String(env.APP_ENV),
  databaseUrl: String(env.DATABASE_DIRECT_URL ?? env.DATABASE_URL),
}))

export const readDatabaseConfig = (environment: Environment) =>
  parseConfig({ database: databaseConfig }, environment).database
