import type { Logger } from '@ashlar/core/logging'
import type { Clock } from '@ashlar/core/module'
import type { RateLimits } from '@ashlar/core/rate-limit'
import { invalidSecondFactor, secondFactorNeeded, secondFactorUnavailable } from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import type { Client } from '../repositories/client.ts'
import type { SecondFactor } from '../repositories/second-factor.repository.ts'
import type { User } from '../repositories/user.repository.ts'
import { tellAccessChange } from './access-change.ts'
import { digestOfRecoveryCode } from './recovery-codes.ts'
import type { Opened, SecretBox } from './secret-box.ts'
import { isTotpCode, stepOfCode } from './totp.ts'

export interface SecondFactorCheckDeps {
  store: AuthStore
  secrets: SecretBox
  rateLimits: RateLimits
  clock: Clock
  log: Logger
}

/** Every way to log in passes it. */
export interface SecondFactorGate {
  /**
   * To be called for somebody who proved to be this user in another way. Passes if the account has
   * no second factor, or the code is right and was not used before. Throws
   * `auth.second_factor_needed` without a code, `auth.invalid_second_factor` with a wrong one,
   * `auth.second_factor_unavailable` where no code can be checked, and 429 after too many.
   */
  assert(user: Pick<User, 'id'>, code: string | undefined, client: Client): Promise<void>
}

export type SecondFactorCheck = ReturnType<typeof createSecondFactorCheck>

/**
 * Only who knows the password gets to guess codes: one in 33,000 is right, so ten tries in a
 * quarter of an hour are few.
 */
const tries = { name: 'second-factor-failures', max: 10, windowMs: 15 * 60_000 }

/** Decides whether a code is right, and counts those that are not. */
export function createSecondFactorCheck(deps: SecondFactorCheckDeps) {
  const { store, secrets, rateLimits, clock, log } = deps
  const failures = rateLimits.limiter(tries)
  return { assert, isRight, findFirstStep }

  async function assert(
    { id }: Pick<User, 'id'>,
    code: string | undefined,
    client: Client,
  ): Promise<void> {
    const factor = await store.secondFactors.find(id)
    if (!factor?.confirmedAt) return
    if (code === undefined) throw secondFactorNeeded()
    if (!(await isRight(factor, code, client))) throw invalidSecondFactor()
  }

  /** Checks a code of a confirmed factor, and uses it up. */
  function isRight(factor: SecondFactor, code: string, client: Client): Promise<boolean> {
    const { userId } = factor
    return counted(userId, client, () =>
      isTotpCode(code) ? useCode(factor, code) : useRecoveryCode(userId, code, client),
    )
  }

  /** The step of the code with which a factor may be confirmed; false for a wrong one. */
  function findFirstStep(
    factor: SecondFactor,
    code: string,
    client: Client,
  ): Promise<number | false> {
    return counted(factor.userId, client, async () => {
      const step = isTotpCode(code) && stepOfCode(open(factor).secret, code, clock.now())
      return step ?? false
    })
  }

  /** Counts a try before it is looked at, and takes it back when the code is right. */
  async function counted<T>(userId: number, client: Client, check: () => Promise<T | false>) {
    const takeBack = await failures.claim(String(userId))
    const found = await check().catch(async (error: unknown) => {
      await takeBack()
      throw error
    })
    if (found !== false) await takeBack()
    else await noteRefusal(userId, client)
    return found
  }

  function noteRefusal(userId: number, client: Client): Promise<void> {
    const entry = { actorId: userId, userId, client, at: clock.now() }
    return store.audit.record({ action: 'second_factor_refused', ...entry })
  }

  async function useCode(factor: SecondFactor, code: string): Promise<boolean> {
    const { secret, isOld } = open(factor)
    const step = stepOfCode(secret, code, clock.now())
    if (step === undefined || !(await store.secondFactors.useStep(factor, step))) return false
    if (isOld)
      await store.secondFactors.reseal(factor, secrets.seal(secret, contextOf(factor.userId)))
    return true
  }

  async function useRecoveryCode(userId: number, code: string, client: Client): Promise<boolean> {
    const hash = digestOfRecoveryCode(code)
    if (!hash) return false
    const by = { actorId: userId, client }
    return store.transaction(async (store) => {
      if (!(await store.secondFactors.takeRecoveryCode(userId, hash))) return false
      await tellAccessChange(store, 'recovery_code_used', { userId, by, at: clock.now() })
      return true
    })
  }

  /**
   * A lost key is no fault of whoever logs in, and no defect. A recovery code still opens the
   * account.
   */
  function open({ userId, secret }: SecondFactor): Opened {
    try {
      return secrets.open(secret, contextOf(userId))
    } catch (cause) {
      log.error({ err: cause }, 'AUTH_TOTP_KEY does not open a second factor')
      throw secondFactorUnavailable({ cause })
    }
  }
}

/** The place to which the secret of a factor is bound. */
export const contextOf = (userId: number): string => `second factor of user ${userId}`
