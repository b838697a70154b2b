import { randomBytes } from 'node:crypto'
import { hash, verify, type Algorithm } from '@node-rs/argon2'
import { hashingOverloaded } from '../auth.errors.ts'

export interface PasswordHasher {
  /** Argon2id in PHC string format. Throws `auth.overloaded` when too many wait. */
  hash(password: string): Promise<string>
  /** Does the same work when there is no hash, so that the time does not tell whether an account exists. */
  verify(hash: string | undefined, password: string): Promise<boolean>
}

// OWASP Password Storage Cheat Sheet: Argon2id, 19 MiB, 2 passes, 1 lane.
const parameters = {
  algorithm: 2 as Algorithm.Argon2id,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
}

// Node has 4 threads for hashing, DNS and files together: two hashes at a time leave room for the others.
const concurrency = 2
const longestQueue = 100

/** The hash of no password, with our parameters: whatever is checked against it takes as long and does not match. */
const decoy = `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}$${randomPart(16)}$${randomPart(32)}`

export function createPasswordHasher(): PasswordHasher {
  const waiting: (() => void)[] = []
  let running = 0

  return { hash: hashPassword, verify: verifyPassword }

  function hashPassword(password: string): Promise<string> {
    return limited(() => hash(password, parameters))
  }

  async function verifyPassword(stored: string | undefined, password: string): Promise<boolean> {
    return limited(() => verify(stored ?? decoy, password))
  }

  async function limited<T>(work: () => Promise<T>): Promise<T> {
    if (waiting.length >= longestQueue) throw hashingOverloaded({ retryAfterSeconds: 2 })
    if (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}

function randomPart(bytes: number): string {
  return randomBytes(bytes).toString('base64').replaceAll('=', '')
}
