import { createHash, randomBytes } from 'node:crypto'
import type { CoreConfig } from '@ashlar/core/config'
import { dependencyUnavailable } from '@ashlar/core/errors'
import { bullPrefix, withDeadline, type RedisConnection } from '@ashlar/core/redis'

export interface SessionStoreDeps {
  config: Pick<CoreConfig, 'appName'>
  redis: Pick<RedisConnection, 'client'>
}

/** Who logged in, and with which password. */
export interface SessionOwner {
  userId: number
  passwordVersion: number
}

/** Counted from the log-in, however much the session is used: a forgotten tab does not stay signed in for days. */
export const sessionLifetimeMs = 12 * 3_600_000

const deadlineMs = 1_000

/**
 * Sessions of the dashboard, in Redis: one that was ended is dead on every replica, and without Redis there is nothing to look at anyway.
 * Only the hash of an id is kept, so that who can read Redis cannot sign in with what stands there.
 */
export function createSessionStore({ config, redis }: SessionStoreDeps) {
  const { client } = redis
  return { create, find, end }

  /** The id of the new session: 256 random bits, and all that its cookie holds. */
  async function create(owner: SessionOwner): Promise<string> {
    const id = randomBytes(32).toString('base64url')
    await soon(client.set(keyOf(id), JSON.stringify(owner), 'PX', sessionLifetimeMs))
    return id
  }

  async function find(id: string): Promise<SessionOwner | null> {
    const owner = await soon(client.get(keyOf(id)))
    return owner === null ? null : (JSON.parse(owner) as SessionOwner)
  }

  async function end(id: string): Promise<void> {
    await soon(client.del(keyOf(id)))
  }

  function keyOf(id: string): string {
    return `${bullPrefix(config)}:admin-session:${createHash('sha256').update(id).digest('hex')}`
  }
}

function soon<T>(command: Promise<T>): Promise<T> {
  return withDeadline(command, deadlineMs).catch((cause: unknown) => {
    throw dependencyUnavailable({ cause, retryAfterSeconds: 1 })
  })
}
