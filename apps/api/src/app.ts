import { createHttpApp, type Health } from '@ashlar/core/http'
import { mountMailPreview } from '@ashlar/core/mail'
import type { Core, FeatureModule } from '@ashlar/core/module'

export interface AppDeps {
  core: Pick<Core, 'config' | 'log' | 'metrics' | 'database' | 'rateLimits' | 'cache'>
  modules: readonly FeatureModule[]
  health: Health
}

/** The API that the modules make together, and for a developer's own machine the preview of their mails. */
export function createApp({ core, modules, health }: AppDeps): ReturnType<typeof createHttpApp> {
  return createHttpApp({
    ...core,
    routes: modules.flatMap((module) => module.routes ?? []),
    errors: modules.flatMap((module) => module.errors ?? []),
    health,
    mountPages: (app) => {
      for (const module of modules) module.mountPages?.(app)
      if (core.config.appEnv === 'local')
        mountMailPreview(
          app,
          modules.flatMap(({ emails }) => emails ?? []),
        )
    },
  })
}
