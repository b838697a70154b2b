import { createHttpApp, type Health } from '@ashlar/core/http'
import type { Core, FeatureModule } from '@ashlar/core/module'

export interface AppDeps {
  core: Pick<Core, 'config' | 'log' | 'metrics' | 'database' | 'rateLimits'>
  modules: readonly FeatureModule[]
  health: Health
}

/** The API that the modules make together. */
export function createApp({ core, modules, health }: AppDeps): ReturnType<typeof createHttpApp> {
  return createHttpApp({
    ...core,
    routes: modules.flatMap((module) => module.routes ?? []),
    errors: modules.flatMap((module) => module.errors ?? []),
    health,
  })
}
