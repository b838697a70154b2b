import type { z } from 'zod'
import type { CoreConfig } from '../config/index.ts'
import type { Component } from '../lifecycle/index.ts'
import { createOutageLog, type Logger } from '../logging/index.ts'
import { bullPrefix, type RedisConnection } from '../redis/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { createEntryStore } from './entry-store.ts'
import { createSpace, type CacheSpace } from './space.ts'

export interface CacheDeps {
  config: Pick<CoreConfig, 'appName'>
  redis: RedisConnection
  log: Logger
  metrics: Pick<Metrics, 'cacheLookups'>
}

/** What is expensive to make and may be a little old, kept in Redis for all processes. Without Redis the loaders run. */
export interface Cache extends Component {
  /**
   * A part of the cache with keys of its own: `<module>.<what>`. Another `version` does not see what the ones before have stored: raise it
   * when the values get another shape.
   *
   * @example
   * const stones = cache.space('quarry.stones', { schema: Stone, version: 2 })
   * const stone = await stones.wrap('7', { ttlMs: 60_000, tags: ['quarry.stone:7'] }, () => store.stones.findById(7))
   */
  space<Value>(
    name: string,
    options: { schema: z.ZodType<Value>; version?: number | string },
  ): CacheSpace<Value>
  /**
   * Drops every entry that has one of these tags, in every space. What is being loaded at this moment is not kept either. After a change in a
   * transaction call it when the transaction is committed.
   *
   * @example
   * store.afterCommit(() => cache.invalidateTags(['quarry.stone:7']), { evenIfUnknown: true })
   */
  invalidateTags(tags: readonly string[]): Promise<void>
  stop(): Promise<void>
}

export function createCache({ config, redis, log, metrics }: CacheDeps): Cache {
  const outage = createOutageLog(log, 'the cache')
  const entries = createEntryStore({ redis, prefix: `${bullPrefix(config)}:cache:`, ...outage })
  const flights = new Map<string, Promise<unknown>>()
  const refreshes = new Set<Promise<void>>()
  return { name: 'cache', space, invalidateTags, stop }

  function space<Value>(
    name: string,
    { schema, version = 1 }: { schema: z.ZodType<Value>; version?: number | string },
  ): CacheSpace<Value> {
    return createSpace({ name, schema, version, entries, flights, refreshes, log, metrics })
  }

  async function invalidateTags(tags: readonly string[]): Promise<void> {
    // Whoever asks from now on must not be given what began to load before.
    flights.clear()
    await entries.invalidate(tags, [])
  }

  async function stop(): Promise<void> {
    const [settled] = await Promise.all([entries.stop(), ...refreshes])
    if (!settled)
      log.warn(
        'the cache stops with invalidations that Redis did not take; entries may be outdated',
      )
  }
}
