import type { Clock } from '@ashlar/core/module'
import {
  emailUnverified,
  ownSecondFactor,
  secondFactorIsOff,
  secondFactorIsOn,
  userNotFound,
  wrongCode,
  wrongPassword,
} from '../auth.errors.ts'
import type { AuthStore } from '../auth.store.ts'
import type { Authenticated } from '../guards/auth.guards.ts'
import type { By, Client } from '../repositories/client.ts'
import type { SecondFactor } from '../repositories/second-factor.repository.ts'
import type { SecondFactorProof } from '../schemas/second-factor.schema.ts'
import { tellAccessChange } from './access-change.ts'
import type { CurrentPassword } from './current-password.ts'
import { digestOfRecoveryCode, newRecoveryCodes } from './recovery-codes.ts'
import { contextOf, type SecondFactorCheck } from './second-factor-check.ts'
import type { SecretBox } from './secret-box.ts'
import { describeSecret, newTotpSecret, totpUri } from './totp.ts'

export interface SecondFactorServiceDeps {
  appName: string
  store: AuthStore
  secrets: SecretBox
  check: SecondFactorCheck
  currentPasswords: CurrentPassword
  clock: Clock
}

export type SecondFactorService = ReturnType<typeof createSecondFactorService>

/** An authenticator app as a second factor: off until a first code came, then asked for at each log-in. */
export function createSecondFactorService(deps: SecondFactorServiceDeps) {
  const { appName, store, secrets, check, currentPasswords, clock } = deps
  return { describe, begin, confirm, renewRecoveryCodes, disable, reset }

  async function describe(userId: number) {
    const factor = await store.secondFactors.find(userId)
    const confirmedAt = factor?.confirmedAt ?? null
    const recoveryCodesLeft = confirmedAt ? await store.secondFactors.countRecoveryCodes(userId) : 0
    return { enabled: confirmedAt !== null, enabledAt: confirmedAt, recoveryCodesLeft }
  }

  /**
   * A secret for the app, which counts when it is confirmed. Not for an address that was never
   * verified: a stranger would lock its owner out.
   */
  async function begin(userId: number, currentPassword: string, client: Client) {
    const user = await currentPasswords.identify(userId, currentPassword, client)
    if (user.emailVerifiedAt === null) throw emailUnverified()
    const secret = newTotpSecret()
    const sealed = secrets.seal(secret, contextOf(userId))
    const at = clock.now()
    await store.transaction(async (store) => {
      // A new password takes back a factor that was begun with the old one. None may come after it.
      if (!(await store.users.hold(user))) throw wrongPassword()
      if (!(await store.secondFactors.begin(userId, sealed, at))) throw secondFactorIsOn()
      await store.audit.record({ action: 'second_factor_begun', ...byOwner(userId, client), at })
    })
    const uri = totpUri(secret, { issuer: appName, account: user.email })
    return { secret: describeSecret(secret), uri }
  }

  /**
   * From now on each log-in needs a code. Ends the other sessions and refuses the log-ins under
   * way, which began without one.
   */
  async function confirm(caller: Authenticated, code: string, client: Client): Promise<string[]> {
    const userId = caller.user.id
    if (caller.user.emailVerifiedAt === null) throw emailUnverified()
    const factor = await store.secondFactors.find(userId)
    if (!factor) throw secondFactorIsOff()
    if (factor.confirmedAt) throw secondFactorIsOn()
    const step = await check.findFirstStep(factor, code, client)
    if (step === false) throw wrongCode()
    const codes = newRecoveryCodes()
    const at = clock.now()
    await store.transaction(async (store) => {
      // First, because a log-in holds the same row while it makes its session.
      if (!(await store.users.voidLogIns(userId))) throw userNotFound()
      if (!(await store.secondFactors.confirm(factor, step, at)))
        throw (await store.secondFactors.find(userId)) ? secondFactorIsOn() : secondFactorIsOff()
      await store.secondFactors.replaceRecoveryCodes(userId, digestsOf(codes))
      await store.sessions.endAllBut(caller.sessionId, userId, at)
      await tell(store, 'second_factor_enabled', userId, client)
    })
    return codes
  }

  async function renewRecoveryCodes(
    userId: number,
    proof: SecondFactorProof,
    client: Client,
  ): Promise<string[]> {
    await prove(userId, proof, client)
    const codes = newRecoveryCodes()
    await store.transaction(async (store) => {
      const factor = await store.secondFactors.find(userId)
      if (!factor?.confirmedAt) throw secondFactorIsOff()
      await store.secondFactors.replaceRecoveryCodes(userId, digestsOf(codes))
      await tell(store, 'recovery_codes_renewed', userId, client)
    })
    return codes
  }

  async function disable(userId: number, proof: SecondFactorProof, client: Client): Promise<void> {
    const factor = await prove(userId, proof, client)
    await store.transaction(async (store) => {
      if (!(await store.secondFactors.remove(factor.userId))) throw secondFactorIsOff()
      await tell(store, 'second_factor_disabled', userId, client)
    })
  }

  /** Password and code together, because the session may be stolen and the password known. */
  async function prove(
    userId: number,
    { currentPassword, code }: SecondFactorProof,
    client: Client,
  ): Promise<SecondFactor> {
    await currentPasswords.identify(userId, currentPassword, client)
    const factor = await store.secondFactors.find(userId)
    if (!factor?.confirmedAt) throw secondFactorIsOff()
    if (!(await check.isRight(factor, code, client))) throw wrongCode()
    return factor
  }

  /** For somebody else, who lost app and recovery codes. */
  async function reset(userId: number, by: By): Promise<void> {
    if (userId === by.actorId) {
      await store.audit.record({ action: 'second_factor_refused', ...by, userId, at: clock.now() })
      throw ownSecondFactor()
    }
    if (!(await store.users.findById(userId))) throw userNotFound()
    await store.transaction(async (store) => {
      if (!(await store.secondFactors.remove(userId))) throw secondFactorIsOff()
      await tellAccessChange(store, 'second_factor_reset', { userId, by, at: clock.now() })
    })
  }

  function tell(store: AuthStore, change: OwnChange, userId: number, client: Client) {
    const by = { actorId: userId, client }
    return tellAccessChange(store, change, { userId, by, at: clock.now() })
  }
}

type OwnChange = 'second_factor_enabled' | 'second_factor_disabled' | 'recovery_codes_renewed'

const byOwner = (userId: number, client: Client) => ({ actorId: userId, userId, client })

const digestsOf = (codes: readonly string[]) =>
  codes.flatMap((code) => digestOfRecoveryCode(code) ?? [])
