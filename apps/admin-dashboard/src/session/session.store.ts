import { createHash, randomBytes } from 'node:crypto'
import type { CoreConfig } from '@ashlar/core/config'
import { dependencyUnavailable } from '@ashlar/core/errors'
import { bullPrefix, withDeadline, type RedisConnection } from '@ashlar/core/redis'

export interface SessionStoreDeps {
  config: Pick<CoreConfig, 'appName'>
  redis: Pick<RedisConnection, 'client'>
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
  return { create, findUserId, end }

  /** The id of the new session: 256 random bits, and all that its cookie holds. */
  async function create(userId: number): Promise<string> {
    const id = randomBytes(32).toString('base64url')
    await soon(client.set(keyOf(id), String(userId), 'PX', sessionLifetimeMs))
    return id
  }

  async function findUserId(id: string): Promise<number | null> {
    const userId = await soon(client.get(keyOf(id)))
    return userId === null ? null : Number(userId)
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
