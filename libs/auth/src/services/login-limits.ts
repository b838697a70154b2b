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
  return { check, fail }

  /** Throws 429, also for who would now know the password. To be asked before any work. */
  async function check(attempt: Attempt): Promise<void> {
    await pairs.check(pairOf(attempt))
    await accounts.check(attempt.email).catch(async (refusal: unknown) => {
      if (!(await isAtHome(attempt))) throw refusal
    })
  }

  async function fail(attempt: Attempt): Promise<void> {
    await Promise.all([pairs.fail(pairOf(attempt)), accounts.fail(attempt.email)])
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
