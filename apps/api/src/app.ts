import { createHttpApp, type Health } from '@ashlar/core/http'
import type { Core, FeatureModule } from '@ashlar/core/module'

export interface AppDeps {
  core: Pick<Core, 'config' | 'log' | 'metrics'>
  modules: readonly FeatureModule[]
  health: Health
}

const tokenPath = '/api/v1/auth/login'

/** The API that the modules make together. */
export function createApp({ core, modules, health }: AppDeps): ReturnType<typeof createHttpApp> {
  const routes = modules.flatMap((module) => module.routes ?? [])
  const hasLogin = routes.some(({ list }) => list.some(({ path }) => path === tokenPath))
  return createHttpApp({
    ...core,
    routes,
    errors: modules.flatMap((module) => module.errors ?? []),
    health,
    tokenPath: hasLogin ? tokenPath : undefined,
  })
}
