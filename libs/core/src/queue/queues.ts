import { Queue } from 'bullmq'
import type { CoreConfig } from '../config/index.ts'
import type { Component } from '../lifecycle/index.ts'
import type { Logger } from '../logging/index.ts'
import {
  bullPrefix,
  createRedis,
  followRedisRun,
  withDeadline,
  type RedisConnection,
} from '../redis/index.ts'
import { repeatStrategy } from './cron-times.ts'

export interface QueuesDeps {
  config: Pick<CoreConfig, 'redisUrl' | 'appName'>
  log: Logger
}

/** The producing side of every BullMQ queue, over one connection that fails fast. */
export interface Queues extends Component {
  get(name: string): Queue
  redis: RedisConnection
  /** The run of Redis that jobs are added to, if it is known. */
  redisRun(): string | undefined
  /** Those of these queues in which anything is left to do: jobs, dead ones too, or schedules. Nothing is asked where none is given. */
  findUsed(names: readonly string[]): Promise<string[]>
  start(): Promise<void>
  stop(): Promise<void>
}

/** A batch of 500 jobs takes longer than the commands that a request waits for. */
const commandTimeoutMs = 5_000
const lookMs = 2_000
/** What BullMQ calls the keys of a queue that go when they are empty. */
const contents = [
  ...['wait', 'paused', 'active', 'prioritized', 'delayed', 'waiting-children', 'failed'],
  'repeat',
]

export function createQueues({ config, log }: QueuesDeps): Queues {
  const redis = createRedis({ config, log, commandTimeoutMs })
  const redisRun = followRedisRun(redis.client)
  const queues = new Map<string, Queue>()
  return { name: 'queues', get, redis, redisRun, findUsed, start: redis.start, stop }

  function get(name: string): Queue {
    const queue = queues.get(name) ?? open(name)
    queues.set(name, queue)
    return queue
  }

  async function findUsed(names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return []
    const pipeline = redis.client.pipeline()
    for (const name of names)
      pipeline.exists(...contents.map((key) => `${bullPrefix(config)}:${name}:${key}`))
    const answers = (await withDeadline(pipeline.exec(), lookMs)) ?? []
    return names.filter((_, index) => {
      const [error, keys] = answers[index] ?? []
      if (error) throw error
      return Number(keys) > 0
    })
  }

  function open(name: string): Queue {
    const queue = new Queue(name, {
      connection: redis.client,
      prefix: bullPrefix(config),
      settings: { repeatStrategy },
      // Otherwise a queue made while Redis is away waits for ever, or stays broken when its first command fails.
      skipWaitingForReady: true,
      skipVersionCheck: true,
    })
    // The connection reports its own errors once; without a listener each queue would throw them again.
    queue.on('error', () => {})
    return queue
  }

  async function stop(): Promise<void> {
    await Promise.allSettled([...queues.values()].map((queue) => queue.close()))
    await redis.stop()
  }
}
