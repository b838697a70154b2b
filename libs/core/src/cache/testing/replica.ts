import { pino } from 'pino'
import { createRedis } from '../../redis/index.ts'
import { createMetrics } from '../../telemetry/index.ts'
import { createCache } from '../index.ts'

export type Replica = Awaited<ReturnType<typeof startReplica>>

/** The cache of one process, with a connection of its own. Processes of one name share it. */
export async function startReplica(appName: string, redisUrl = process.env['REDIS_URL'] ?? '') {
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
  const metrics = createMetrics({ process: 'test' })
  const redis = createRedis({ config: { redisUrl }, log })
  await redis.start()
  const cache = createCache({ config: { appName }, redis, log, metrics })
  return { cache, redis, lines, stop, lookups, keys }

  async function stop(): Promise<void> {
    await cache.stop()
    await redis.stop()
  }

  /** How many look-ups had which outcome. */
  async function lookups(): Promise<Record<string, number>> {
    const { values } = await metrics.cacheLookups.get()
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels.outcome), value]))
  }

  function keys(of = ''): Promise<string[]> {
    return redis.client.keys(`{${appName.replaceAll(' ', '-')}}:cache:${of}*`)
  }
}
