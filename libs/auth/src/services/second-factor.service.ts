import type { Clock } from '@ashlar/core/module'
import type { RateLimits } from '@ashlar/core/rate-limit'
import {
  invalidSecondFactor,
  secondFactorIsOff,
  secondFactorIsOn,
  secondFactorNeeded,
  userNotFound,
  wrongCode,
} from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import { accessChanged, type AccessChange } from '../events/access-changed.event.ts'
import type { Authenticated } from '../guards/auth.guards.ts'
import type { By, Client } from '../repositories/client.ts'
import type { SecondFactor } from '../repositories/second-factor.repository.ts'
import type { User } from '../repositories/user.repository.ts'
import type { CurrentPassword } from './current-password.ts'
import { digestOfRecoveryCode, newRecoveryCodes } from './recovery-codes.ts'
import type { SecretBox } from './secret-box.ts'
import { describeSecret, isTotpCode, newTotpSecret, stepOfCode, totpUri } from './totp.ts'

export interface SecondFactorServiceDeps {
  appName: string
  store: AuthStore
  secrets: SecretBox
  currentPasswords: CurrentPassword
  rateLimits: RateLimits
  clock: Clock
}

export type SecondFactorService = ReturnType<typeof createSecondFactorService>

/** Who knows the password and guesses codes: one in 33,000 is right, so ten tries in a quarter of an hour are few. */
const tries = { name: 'second-factor-failures', max: 10, windowMs: 15 * 60_000 }

/** An authenticator app as a second factor: off until a first code came, then asked for at each log-in. */
export function createSecondFactorService(deps: SecondFactorServiceDeps) {
  const { appName, store, secrets, currentPasswords, rateLimits, clock } = deps
  const failures = rateLimits.limiter(tries)
  return { describe, begin, confirm, renewRecoveryCodes, disable, reset, assert }

  async function describe(userId: number) {
    const factor = await store.secondFactors.find(userId)
    const confirmedAt = factor?.confirmedAt ?? null
    const recoveryCodesLeft = confirmedAt ? await store.secondFactors.countRecoveryCodes(userId) : 0
    return { enabled: confirmedAt !== null, enabledAt: confirmedAt, recoveryCodesLeft }
  }

  /** A secret for the app, which counts when it is confirmed. */
  async function begin(userId: number, currentPassword: string, client: Client) {
    const user = await currentPasswords.identify(userId, currentPassword, client)
    const secret = newTotpSecret()
    const sealed = secrets.seal(secret, contextOf(userId))
    const isBegun = await store.transaction((store) =>
      store.secondFactors.begin(userId, sealed, clock.now()),
    )
    if (!isBegun) throw secondFactorIsOn()
    const uri = totpUri(secret, { issuer: appName, account: user.email })
    return { secret: describeSecret(secret), uri }
  }

  /** From now on each log-in needs a code. Ends the other sessions, which began without. */
  async function confirm(caller: Authenticated, code: string, client: Client): Promise<string[]> {
    const userId = caller.user.id
    const factor = await store.secondFactors.find(userId)
    if (!factor) throw secondFactorIsOff()
    if (factor.confirmedAt) throw secondFactorIsOn()
    const takeBack = await failures.claim(String(userId))
    const now = clock.now()
    const step = isTotpCode(code) ? stepOfCode(openSecret(factor).secret, code, now) : undefined
    if (step === undefined) {
      await noteFailure(userId, client)
      throw wrongCode()
    }
    await takeBack()
    const codes = newRecoveryCodes()
    await store.transaction(async (store) => {
      if (!(await store.secondFactors.confirm(factor, step, now))) throw secondFactorIsOn()
      await store.secondFactors.replaceRecoveryCodes(userId, digestsOf(codes))
      await store.sessions.endAllBut(caller.sessionId, userId, now)
      await tell(store, 'second_factor_enabled', { userId, by: { actorId: userId, client } })
    })
    return codes
  }

  async function renewRecoveryCodes(
    userId: number,
    currentPassword: string,
    client: Client,
  ): Promise<string[]> {
    await currentPasswords.identify(userId, currentPassword, client)
    const codes = newRecoveryCodes()
    await store.transaction(async (store) => {
      const factor = await store.secondFactors.find(userId)
      if (!factor?.confirmedAt) throw secondFactorIsOff()
      await store.secondFactors.replaceRecoveryCodes(userId, digestsOf(codes))
      await tell(store, 'recovery_codes_renewed', { userId, by: { actorId: userId, client } })
    })
    return codes
  }

  async function disable(
    userId: number,
    { currentPassword, code }: { currentPassword: string; code: string },
    client: Client,
  ): Promise<void> {
    await currentPasswords.identify(userId, currentPassword, client)
    const factor = await store.secondFactors.find(userId)
    if (!factor?.confirmedAt) throw secondFactorIsOff()
    if (!(await isRight(factor, code, client))) throw wrongCode()
    await store.transaction(async (store) => {
      if (!(await store.secondFactors.remove(userId))) throw secondFactorIsOff()
      await tell(store, 'second_factor_disabled', { userId, by: { actorId: userId, client } })
    })
  }

  /** For somebody who lost app and recovery codes. */
  async function reset(userId: number, by: By): Promise<void> {
    if (!(await store.users.findById(userId))) throw userNotFound()
    await store.transaction(async (store) => {
      if (!(await store.secondFactors.remove(userId))) throw secondFactorIsOff()
      await tell(store, 'second_factor_reset', { userId, by })
    })
  }

  /**
   * To be asked of whoever proved to be this user in another way. Passes if the second factor is off, or the code is right and was not used
   * before. Throws `auth.second_factor_needed` without a code, `auth.invalid_second_factor` with a wrong one, and 429 after too many.
   */
  async function assert(user: User, code: string | undefined, client: Client): Promise<void> {
    const factor = await store.secondFactors.find(user.id)
    if (!factor?.confirmedAt) return
    if (code === undefined) throw secondFactorNeeded()
    if (!(await isRight(factor, code, client))) throw invalidSecondFactor()
  }

  async function isRight(factor: SecondFactor, code: string, client: Client): Promise<boolean> {
    const { userId } = factor
    const takeBack = await failures.claim(String(userId))
    const isRight = isTotpCode(code)
      ? await useCode(factor, code)
      : await useRecoveryCode(userId, code, client)
    if (isRight) await takeBack()
    else await noteFailure(userId, client)
    return isRight
  }

  async function useCode(factor: SecondFactor, code: string): Promise<boolean> {
    const { secret, isOld } = openSecret(factor)
    const step = stepOfCode(secret, code, clock.now())
    if (step === undefined || !(await store.secondFactors.useStep(factor, step))) return false
    if (isOld)
      await store.secondFactors.reseal(factor, secrets.seal(secret, contextOf(factor.userId)))
    return true
  }

  async function useRecoveryCode(userId: number, code: string, client: Client): Promise<boolean> {
    const hash = digestOfRecoveryCode(code)
    if (!hash) return false
    return store.transaction(async (store) => {
      if (!(await store.secondFactors.takeRecoveryCode(userId, hash))) return false
      await tell(store, 'recovery_code_used', { userId, by: { actorId: userId, client } })
      return true
    })
  }

  async function noteFailure(userId: number, client: Client): Promise<void> {
    const entry = { actorId: userId, userId, client, at: clock.now() }
    await store.audit.record({ action: 'second_factor_refused', ...entry })
  }

  /** The owner by mail, the audit trail in a row. */
  async function tell(
    store: AuthStore,
    change: AccessChange,
    { userId, by }: { userId: number; by: By },
  ): Promise<void> {
    await store.events.publish(accessChanged, { userId, change })
    await store.audit.record({ action: change, ...by, userId, at: clock.now() })
  }

  function openSecret({ userId, secret }: SecondFactor) {
    return secrets.open(secret, contextOf(userId))
  }
}

const contextOf = (userId: number): string => `second factor of user ${userId}`

const digestsOf = (codes: readonly string[]) =>
  codes.flatMap((code) => digestOfRecoveryCode(code) ?? [])
