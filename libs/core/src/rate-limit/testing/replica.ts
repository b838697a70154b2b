import { pino } from 'pino'
import { createRedis } from '../../redis/index.ts'
import { createMetrics } from '../../telemetry/index.ts'
import { createRateLimits } from '../index.ts'

interface ReplicaOptions {
  appName: string
  redisUrl?: string
  enabled?: boolean
  max?: number
}

/** The limits of one process, with a connection of their own. Processes of one name count together. */
export async function startReplica({
  appName,
  redisUrl = process.env['REDIS_URL'] ?? '',
  enabled = true,
  max = 300,
}: ReplicaOptions) {
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
  const metrics = createMetrics({ process: 'test' })
  const redis = createRedis({ config: { redisUrl }, log })
  await redis.start()
  const config = { appName, rateLimitEnabled: enabled, rateLimitDefault: max }
  const rateLimits = createRateLimits({ config, redis, log, metrics })
  return { rateLimits, redis, stop, told, fallback }

  async function stop(): Promise<void> {
    await rateLimits.stop()
    await redis.stop()
  }

  /** What operators were told about limits. */
  function told(): string[] {
    return lines
      .map((line) => (JSON.parse(line) as { msg: string }).msg)
      .filter((message) => message.includes('rate limits'))
  }

  async function fallback(): Promise<number | undefined> {
    return (await metrics.rateLimitFallback.get()).values[0]?.value
  }
}

export type Replica = Awaited<ReturnType<typeof startReplica>>
