import { parseConfig, type Environment } from '@ashlar/core/config'
import {
  createTestClock,
  createTestCore,
  serveModules,
  type TestClock,
  type TestCore,
} from '@ashlar/core/testing'
import type { Core, FeatureModule } from '@ashlar/core/module'
import { authConfig } from '../auth.config.ts'
import { createAuthModule, type AuthModule } from '../auth.module.ts'
import { createAuthStore, type AuthStore } from '../auth.store.ts'
import { createOneTimeTokens, type OneTimeTokens } from '../services/one-time-tokens.ts'
import { authEnvironment } from './auth-environment.ts'

export interface TestAuth extends TestCore {
  url: string
  clock: TestClock
  module: AuthModule
  store: AuthStore
  /** A token as a mail would carry it. */
  issue: OneTimeTokens['issue']
}

/** The auth module behind real HTTP, on a database of its own and a clock that the test sets; with modules that stand on it, if there are any. */
export async function startAuth(
  environment: Environment = {},
  others: (core: Core, auth: AuthModule) => readonly FeatureModule[] = () => [],
): Promise<TestAuth> {
  const clock = createTestClock()
  const test = await createTestCore({ clock, environment })
  const { auth: config } = parseConfig(
    { auth: authConfig },
    { ...authEnvironment(), ...environment },
  )
  const module = createAuthModule({ core: test.core, config })
  const server = await serveModules(test.core, [module, ...others(test.core, module)])
  const store = createAuthStore(test.core)
  return {
    ...test,
    url: server.url,
    clock,
    module,
    store,
    issue: createOneTimeTokens({ store, clock }).issue,
    async stop() {
      await server.stop()
      await test.stop()
    },
  }
}
