import { randomBytes } from 'node:crypto'
import { hash, verify, type Algorithm } from '@node-rs/argon2'
import { createWorkQueue } from '@ashlar/core/work-queue'
import { hashingOverloaded } from '../auth.errors.ts'

export interface PasswordHasher {
  /** Argon2id in PHC string format. Throws `auth.overloaded` when too many wait. */
  hash(password: string): Promise<string>
  /** Does the same work when there is no hash, so that the time does not tell whether an account exists. */
  verify(hash: string | null | undefined, password: string): Promise<boolean>
  /**
   * Runs `check` when its turn to hash comes, with a `verify` that need not wait again. For a hash that has to be looked up: who is refused
   * costs no query, so that many log-ins leave the database to others.
   */
  inTurn<T>(check: (verify: PasswordHasher['verify']) => Promise<T>): Promise<T>
  /** The hash of a password that was just found right, if its own was made with other parameters. Nothing either while others wait. */
  renew(hash: string, password: string): Promise<string | undefined>
}

/** How expensive a hash is, and how many are made at a time in one process. */
export interface HashingLimits {
  memoryKib: number
  passes: number
  lanes: number
  atOnce: number
  queue: number
}

const argon2id = 2 as Algorithm.Argon2id

export function createPasswordHasher(limits: HashingLimits): PasswordHasher {
  const { memoryKib, passes, lanes, atOnce, queue } = limits
  const prefix = `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$`
  const parameters = {
    algorithm: argon2id,
    memoryCost: memoryKib,
    timeCost: passes,
    parallelism: lanes,
  }
  /** The hash of no password, with our parameters: whatever is checked against it takes as long and does not match. */
  const decoy = `${prefix}${randomPart(16)}$${randomPart(32)}`
  // The hashes are made on other threads. A queue, because those threads resolve names and read files too.
  const work = createWorkQueue({
    atOnce,
    longest: queue,
    refusal: () => hashingOverloaded({ retryAfterSeconds: 2 }),
  })
  return { hash: hashPassword, verify: verifyPassword, inTurn, renew }

  function hashPassword(password: string): Promise<string> {
    return work.run(() => hash(password, parameters))
  }

  function verifyPassword(stored: string | null | undefined, password: string): Promise<boolean> {
    return inTurn((verifyNow) => verifyNow(stored, password))
  }

  function inTurn<T>(check: (verify: PasswordHasher['verify']) => Promise<T>): Promise<T> {
    return work.run(() => check((stored, password) => verify(stored ?? decoy, password)))
  }

  async function renew(stored: string, password: string): Promise<string | undefined> {
    if (stored.startsWith(prefix) || work.isBusy()) return undefined
    return hashPassword(password)
  }
}

const randomPart = (bytes: number): string =>
  randomBytes(bytes).toString('base64').replaceAll('=', '')
