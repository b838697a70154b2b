import type { Clock } from '@ashlar/core/module'
import { secondFactorUnavailable } from '../auth.errors.ts'
import type { AuthConfig } from '../auth.config.ts'
import type { AuthStore } from '../auth.store.ts'
import type { SecondFactorGate } from './second-factor-check.ts'

export interface SecondFactorWithoutKeyDeps {
  config: Pick<AuthConfig, 'secondFactorIgnored'>
  store: AuthStore
  clock: Clock
}

/**
 * The gate without AUTH_TOTP_KEY: accounts with a second factor are refused, unless the
 * configuration says otherwise.
 */
export function createSecondFactorWithoutKey(deps: SecondFactorWithoutKeyDeps): SecondFactorGate {
  const { config, store, clock } = deps
  return {
    async assert({ id: userId }, _code, client) {
      const factor = await store.secondFactors.find(userId)
      if (!factor?.confirmedAt) return
      const action = config.secondFactorIgnored ? 'second_factor_ignored' : 'second_factor_refused'
      await store.audit.record({ action, actorId: userId, userId, client, at: clock.now() })
      if (!config.secondFactorIgnored) throw secondFactorUnavailable()
    },
  }
}
