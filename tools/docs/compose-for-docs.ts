import { authEnvironment } from '@ashlar/auth/testing'
import { createCore } from '@ashlar/core/module'
import { composeModules } from '@ashlar/modules'
import { loadConfig } from '@ashlar/modules/config'

/** Every module, as a process composes them. Nothing is connected by composing, so the addresses need not lead anywhere. */
export function composeForDocs() {
  const config = loadConfig({
    APP_ENV: 'testing',
    DATABASE_URL: 'postgresql://localhost/none',
    REDIS_URL: 'redis://localhost',
    SMTP_URL: 'smtp://localhost',
    ...authEnvironment(),
  })
  const core = createCore({ process: 'docs', config: config.core })
  return { core, modules: composeModules(core, config).all }
}
