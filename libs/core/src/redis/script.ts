import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

export type RedisScript = (
  keys: readonly string[],
  values: readonly (string | number)[],
) => Promise<unknown>

/** A Lua script that is sent by its digest, and whole only when Redis does not have it: the first time, and after a restart. */
export function createScript(client: Redis, lua: string): RedisScript {
  const digest = createHash('sha1').update(lua).digest('hex')
  return async (keys, values) => {
    try {
      return await client.evalsha(digest, keys.length, ...keys, ...values)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return client.eval(lua, keys.length, ...keys, ...values)
    }
  }
}
