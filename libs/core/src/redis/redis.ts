import { once } from 'node:events'
import { Redis } from 'ioredis'
import type { CoreConfig } from '../config/index.ts'
import { dependencyUnavailable } from '../errors/index.ts'
import type { Component } from '../lifecycle/index.ts'
import { createOutageLog, type Logger } from '../logging/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { failFast } from './connection.ts'
import { withDeadline } from './deadline.ts'

export interface RedisDeps {
  config: Pick<CoreConfig, 'redisUrl'>
  log: Logger
  metrics?: Pick<Metrics, 'redisUp'>
  /** After how many milliseconds an unanswered command fails; 300 if unset. */
  commandTimeoutMs?: number
}

/** A connection that never keeps its caller waiting: without Redis a command fails at once, with a frozen one after the command timeout. */
export interface RedisConnection extends Component {
  client: Redis
  isUp(): boolean
  /** Throws "temporarily unavailable" unless Redis answers. */
  ping(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** How long a start waits for the first connection. An absent Redis does not keep a process from starting. */
const firstConnectionMs = 1_000

export function createRedis({ config, log, metrics, commandTimeoutMs = 300 }: RedisDeps) {
  const client = new Redis(config.redisUrl, failFast(commandTimeoutMs))
  const outage = createOutageLog(log, 'the connection to Redis')
  client.on('error', (error) => outage.failed(error))
  client.on('ready', () => {
    outage.recovered()
    metrics?.redisUp.set(1)
  })
  client.on('close', () => metrics?.redisUp.set(0))
  return { name: 'redis', client, isUp, ping, start, stop } satisfies RedisConnection

  function isUp(): boolean {
    return client.status === 'ready'
  }

  async function ping(): Promise<void> {
    await client.ping().catch((cause: unknown) => {
      throw dependencyUnavailable({ cause, retryAfterSeconds: 1 })
    })
  }

  async function start(): Promise<void> {
    await withDeadline(connected(), firstConnectionMs).catch((error: unknown) =>
      outage.failed(error),
    )
  }

  /** A queue or a health check may have opened the connection before. */
  async function connected(): Promise<void> {
    if (client.status === 'wait') await client.connect()
    else if (!isUp()) await once(client, 'ready')
  }

  async function stop(): Promise<void> {
    client.disconnect()
  }
}
