import type { Clock } from '@ashlar/core/module'
import { addressOf, type RateLimits } from '@ashlar/core/rate-limit'
import type { AuthStore } from '../auth.store.ts'

export interface LoginLimitsDeps {
  store: AuthStore
  rateLimits: RateLimits
  clock: Clock
}

/** Who tries which account, and from where. */
export interface Attempt {
  email: string
  /** As the request came with it. */
  address: string | undefined
}

export type LoginLimits = ReturnType<typeof createLoginLimits>

const windowMs = 15 * 60_000

/**
 * How often a password may be wrong: 10 times for one account from one address, and 100 times for one account from all addresses together.
 * The second limit does not hold an address from which the account is signed in, so that strangers cannot lock its owner out.
 */
export function createLoginLimits({ store, rateLimits, clock }: LoginLimitsDeps) {
  const pairs = rateLimits.limiter({ name: 'login-failures', max: 10, windowMs })
  const accounts = rateLimits.limiter({ name: 'account-failures', max: 100, windowMs })
  return { attempt }

  /**
   * Runs `check`, which says whether the password is right, and counts it if it is not. Throws 429 before any work, also for who would now know
   * the password. Counted first and taken back afterwards, because of many that are tried at once all would find the limit not reached yet.
   */
  async function attempt<T extends { isRight: boolean }>(
    who: Attempt,
    check: () => Promise<T>,
  ): Promise<T> {
    const takeBack = await claim(who)
    try {
      const checked = await check()
      if (checked.isRight) await takeBack()
      return checked
    } catch (error) {
      await takeBack()
      throw error
    }
  }

  async function claim(who: Attempt): Promise<() => Promise<unknown>> {
    const takeBackPair = await pairs.claim(pairOf(who))
    try {
      const takeBackAccount = await accounts.claim(who.email)
      return () => Promise.all([takeBackPair(), takeBackAccount()])
    } catch (refusal) {
      if (await isAtHome(who)) return takeBackPair
      await takeBackPair()
      throw refusal
    }
  }

  async function isAtHome({ email, address }: Attempt): Promise<boolean> {
    const known = await store.sessions.findLiveAddressesOf(email, clock.now())
    return known.some((each) => networkOf(each) === networkOf(address))
  }
}

const pairOf = ({ email, address }: Attempt): string => `${email} ${networkOf(address)}`

/** A subscriber has a whole /64 of IPv6. */
const networkOf = (address: string | undefined): string =>
  addressOf(address === undefined ? {} : { ip: address })
