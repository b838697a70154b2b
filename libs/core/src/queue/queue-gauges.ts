import type { Pool } from 'pg'
import type { Component } from '../lifecycle/index.ts'
import { createOutageLog, type Logger } from '../logging/index.ts'
import { withDeadline } from '../redis/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import { leftQueuesOf, queuesOf } from './names.ts'
import type { Queues } from './queues.ts'
import { createRepeating } from './repeating.ts'

export interface QueueGaugesDeps {
  pool: Pool
  queues: Queues
  metrics: Pick<
    Metrics,
    | 'queueJobs'
    | 'outboxUnpublishedEvents'
    | 'outboxOldestUnpublishedSeconds'
    | 'eventDeliveriesOwed'
    | 'eventDeliveriesDead'
    | 'eventListenersHeld'
  >
  modules: readonly Parameters<typeof queuesOf>[0][]
  log: Logger
  everyMs?: number
}

const states = ['waiting', 'active', 'delayed', 'failed', 'completed', 'prioritized'] as const
const deadlineMs = 2_000

/**
 * Measures queues and outbox every few seconds. They belong to the system, not to one process, so the scheduler alone tells them. A source
 * that is away drops its numbers instead of repeating old ones.
 */
export function createQueueGauges({
  pool,
  queues,
  metrics,
  modules,
  log,
  everyMs = 5_000,
}: QueueGaugesDeps): Component {
  const outage = createOutageLog(log, 'measuring queues and outbox')
  const names = modules.flatMap(queuesOf)
  let left: readonly string[] = []
  return createRepeating('queue gauges', everyMs, measure)

  async function measure(): Promise<void> {
    const results = await Promise.allSettled([measureQueues(), measureOutbox()])
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) outage.failed(failed.reason)
    else outage.recovered()
  }

  async function measureQueues(): Promise<void> {
    try {
      await lookForLeft()
      for (const name of [...names, ...left]) {
        const counts = await withDeadline(queues.get(name).getJobCounts(...states), deadlineMs)
        for (const state of states)
          metrics.queueJobs.set({ queue: name, state }, counts[state] ?? 0)
      }
    } catch (error) {
      metrics.queueJobs.reset()
      throw error
    }
  }

  async function lookForLeft(): Promise<void> {
    const before = left
    left = await queues.findUsed(modules.flatMap(leftQueuesOf))
    for (const name of before.filter((name) => !left.includes(name)))
      for (const state of states) metrics.queueJobs.remove({ queue: name, state })
  }

  async function measureOutbox(): Promise<void> {
    const gauges = [
      metrics.outboxUnpublishedEvents,
      metrics.outboxOldestUnpublishedSeconds,
      metrics.eventDeliveriesOwed,
      metrics.eventDeliveriesDead,
      metrics.eventListenersHeld,
    ] as const
    try {
      const { rows } = await pool.query<{ values: number[] }>(outboxNumbers)
      gauges.forEach((gauge, index) => gauge.set(rows[0]?.values[index] ?? 0))
    } catch (error) {
      for (const gauge of gauges) gauge.remove()
      throw error
    }
  }
}

/** More are not counted: with a backlog of millions the count itself would be the load. */
const mostCounted = 1_000_000

const countUpTo = (rows: string) =>
  `(SELECT count(*) FROM (SELECT FROM ${rows} LIMIT ${mostCounted}) AS counted)`

// The oldest is the first by its sequence, or a moment younger.
const outboxNumbers = `
  SELECT ARRAY[
    ${countUpTo('outbox_event WHERE published_at IS NULL')},
    coalesce((SELECT extract(epoch FROM now() - occurred_at) FROM outbox_event
              WHERE published_at IS NULL ORDER BY sequence LIMIT 1), 0),
    ${countUpTo(`event_delivery WHERE finished_at IS NULL AND dead_at IS NULL
      AND (enqueued_at <= now() OR enqueued_at IS NULL)`)},
    ${countUpTo('event_delivery WHERE dead_at IS NOT NULL')},
    (SELECT count(DISTINCT listener_id) FROM event_subscription WHERE holding)
  ]::float8[] AS values`
