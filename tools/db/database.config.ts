import {
  coreConfig,
  defineConfig,
  findPoolerMisfits,
  parseConfig,
  type Environment,
} from '@ashlar/core/config'

const { APP_ENV, DATABASE_URL, DATABASE_DIRECT_URL, DATABASE_POOLER } = coreConfig.keys as Record<
  'APP_ENV' | 'DATABASE_URL' | 'DATABASE_DIRECT_URL' | 'DATABASE_POOLER',
  (typeof coreConfig.keys)[string]
>

/** The part of core's configuration that migrations need: a migration job gets no mail server and no keys. */
const databaseConfig = defineConfig(
  { APP_ENV, DATABASE_URL, DATABASE_DIRECT_URL, DATABASE_POOLER },
  (env) => ({
    appEnv: String(env.APP_ENV),
    databaseUrl: String(env.DATABASE_DIRECT_URL ?? env.DATABASE_URL),
  }),
  findPoolerMisfits,
)

export const readDatabaseConfig = (environment: Environment) =>
  parseConfig({ database: databaseConfig }, environment).database
