import type { AuthConfig } from '../auth.config.ts'
import {
  createSecondFactorCheck,
  type SecondFactorCheckDeps,
  type SecondFactorGate,
} from './second-factor-check.ts'
import { createSecondFactorWithoutKey } from './second-factor-without-key.ts'
import {
  createSecondFactorService,
  type SecondFactorService,
  type SecondFactorServiceDeps,
} from './second-factor.service.ts'
import { createSecretBox } from './secret-box.ts'

export interface SecondFactorDeps
  extends
    Omit<SecondFactorCheckDeps, 'secrets'>,
    Pick<SecondFactorServiceDeps, 'appName' | 'currentPasswords'> {
  config: Pick<AuthConfig, 'totpKeys' | 'secondFactorIgnored'>
}

export interface SecondFactorParts {
  gate: SecondFactorGate
  /** Undefined without AUTH_TOTP_KEY. */
  service: SecondFactorService | undefined
}

/** The gate of every log-in, and what owners do with their factor where it is switched on. */
export function createSecondFactor(deps: SecondFactorDeps): SecondFactorParts {
  const { totpKeys } = deps.config
  if (!totpKeys) return { gate: createSecondFactorWithoutKey(deps), service: undefined }
  const secrets = createSecretBox(totpKeys)
  const check = createSecondFactorCheck({ ...deps, secrets })
  return { gate: check, service: createSecondFactorService({ ...deps, secrets, check }) }
}
