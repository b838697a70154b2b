import { createAuthModule, type AuthModule } from '@ashlar/auth'
import type { Core, FeatureModule } from '@ashlar/core/module'
import type { AppConfig } from './config.ts'

export interface Modules {
  auth: AuthModule
  /** Those that this process hosts: all, unless MODULES names some. */
  all: readonly FeatureModule[]
}

/** The only place that names every module. */
export function composeModules(core: Core, config: AppConfig): Modules {
  const auth = createAuthModule({ core, config: config.auth })
  const hosted = config.core.modules
  return { auth, all: [auth].filter(({ name }) => !hosted || hosted.includes(name)) }
}
