import { createAuthModule, type AuthModule } from '@ashlar/auth'
import { createCoreModule, type Core, type FeatureModule } from '@ashlar/core/module'
import { createProjectsModule } from '@ashlar/projects'
import type { AppConfig } from './config.ts'

export interface Modules {
  auth: AuthModule
  /** Those that this process hosts: core, and all others unless MODULES names some. */
  all: readonly FeatureModule[]
}

/** The only place that names every module. */
export function composeModules(core: Core, config: AppConfig): Modules {
  const auth = createAuthModule({ core, config: config.auth })
  const hosted = config.core.modules
  const projects = createProjectsModule({ core, auth })
  const modules: readonly FeatureModule[] = [auth, projects]
  const chosen = modules.filter(({ name }) => !hosted || hosted.includes(name))
  return { auth, all: [createCoreModule(core), ...chosen] }
}
