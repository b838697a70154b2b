import type { RedisOptions } from 'ioredis'
import type { CoreConfig } from '../config/index.ts'

/** What every connection to Redis has in common. The address stays a URL: `redis://` or, with TLS, `rediss://`. */
const shared = {
  connectTimeout: 1_000,
  keepAlive: 10_000,
  retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 6), 2_000),
  // After a failover, an old connection may lead to what is a standby now; a new one leads to the
  // server that takes writes.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} satisfies RedisOptions

/** For commands that a request or the relay waits for: they fail at once while Redis is away, and soon while it is frozen. */
export const failFast = (commandTimeout: number): RedisOptions => ({
  ...shared,
  commandTimeout,
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  lazyConnect: true,
})

/** For BullMQ workers, which wait for jobs on a blocking command and outlive an absence of Redis. */
export const bullConnection = (config: Pick<CoreConfig, 'redisUrl'>) => ({
  ...shared,
  url: config.redisUrl,
  maxRetriesPerRequest: null,
})

/** Prefix of every key. Stored jobs have it, so it stays as it is, braces included. */
export const bullPrefix = (config: Pick<CoreConfig, 'appName'>): string =>
  `{${config.appName.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}}`
