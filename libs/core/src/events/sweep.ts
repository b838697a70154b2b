import type { Pool, PoolClient } from 'pg'
import type { Component } from '../lifecycle/index.ts'
import type { Logger } from '../logging/index.ts'
import type { Queues } from '../queue/index.ts'
import { idOf, insertDue, keyColumns, lockedByKey } from './delivery-keys.ts'
import { lowestId } from './event-id.ts'
import type { OwedDelivery } from './event-job.ts'
import { findJobs } from './job-lookup.ts'
import { inTransaction } from './transaction.ts'
import { createWorkLoop } from './work-loop.ts'

export interface SweepDeps {
  pool: Pool
  queues: Queues
  log: Logger
  everyMs?: number
  /** Deliveries younger than this are left alone: their job may be under way to Redis. */
  graceMs?: number
}

const pageSize = 500
/**
 * Pages of one sweep, as long as nothing is found lost. A backlog that is only long is gone through
 * in several sweeps.
 */
const mostPages = 10

/** An arbitrary number that only this lock uses. */
const lockId = 7_242_001

interface Cursor {
  enqueuedAt: string
  eventId: string
  listenerId: string
}

type QueuedDelivery = Pick<OwedDelivery, 'event_id' | 'listener_id' | 'queue'> & {
  position: string
}

interface Page {
  /** Where the next one begins; undefined after the last. */
  next: Cursor | undefined
  lost: number
}

/**
 * Compares what is owed with what BullMQ holds, every 30 seconds: a delivery whose job is gone
 * (Redis was emptied) or counts as completed is due again, one whose job failed for good is marked
 * as dead. So BullMQ never holds the only copy. One process at a time.
 */
export function createSweep({
  pool,
  queues,
  log,
  everyMs = 30_000,
  graceMs = 10_000,
}: SweepDeps): Component {
  let cursor: Cursor | undefined
  let isFirst = true
  const loop = createWorkLoop({ what: 'the sweep of owed deliveries', work: sweep, log })
  return { name: 'delivery sweep', start: loop.start, drain: loop.drain, stop: () => loop.stop() }

  async function sweep(isStopping: () => boolean): Promise<number> {
    if (isFirst) isFirst = false
    else
      for (let pages = 0; pages < mostPages && !isStopping(); pages++) {
        const { next, lost } = await inTransaction(pool, (client) => sweepPage(client, cursor))
        cursor = next
        if (!next) break
        if (lost > 0) pages = 0
      }
    return everyMs
  }

  /** A page is a transaction of its own, so that no worker waits long for a row. */
  async function sweepPage(client: PoolClient, after?: Cursor): Promise<Page> {
    if (!(await lock(client))) return { next: undefined, lost: 0 }
    const page = await readQueued(client, graceMs, after)
    const jobs = await findJobs(queues, page)
    await markDead(
      client,
      page.filter((delivery) => jobs.get(idOf(delivery)) === 'failed'),
    )
    const lost = await makeDue(
      client,
      page.filter((delivery) => jobs.get(idOf(delivery)) === 'missing'),
    )
    if (lost > 0) log.warn({ deliveries: lost }, 'deliveries that BullMQ had lost are due again')
    const last = page.length === pageSize ? page.at(-1) : undefined
    return { next: last && cursorOf(last), lost }
  }
}

const cursorOf = ({ position, event_id, listener_id }: QueuedDelivery): Cursor => ({
  enqueuedAt: position,
  eventId: event_id,
  listenerId: listener_id,
})

async function lock(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    'SELECT pg_try_advisory_xact_lock($1) AS locked',
    [lockId],
  )
  return rows[0]?.locked ?? false
}

/** Those whose delay has not passed are left alone as well. */
async function readQueued(
  client: PoolClient,
  graceMs: number,
  after?: Cursor,
): Promise<QueuedDelivery[]> {
  const { rows } = await client.query<QueuedDelivery>(
    `SELECT event_id, listener_id, queue, enqueued_at::text AS position
     FROM event_delivery
     WHERE finished_at IS NULL AND dead_at IS NULL
       AND enqueued_at < now() - make_interval(secs => $1)
       AND (enqueued_at, event_id, listener_id) > ($2, $3, $4)
     ORDER BY enqueued_at, event_id, listener_id LIMIT ${pageSize}`,
    [
      graceMs / 1_000,
      after?.enqueuedAt ?? '-infinity',
      after?.eventId ?? lowestId,
      after?.listenerId ?? '',
    ],
  )
  return rows
}

async function markDead(client: PoolClient, deliveries: QueuedDelivery[]): Promise<void> {
  if (deliveries.length === 0) return
  await client.query(
    `WITH locked AS MATERIALIZED (${lockedByKey()})
     UPDATE event_delivery AS d SET dead_at = now(), error = 'The job failed for good.'
     FROM locked WHERE d.event_id = locked.event_id AND d.listener_id = locked.listener_id
       AND locked.finished_at IS NULL`,
    keyColumns(deliveries),
  )
}

/** Returns how many are owed still: a worker may have handled some in the meantime. */
async function makeDue(client: PoolClient, deliveries: QueuedDelivery[]): Promise<number> {
  if (deliveries.length === 0) return 0
  const { rows } = await client.query<{ lost: number }>(
    `WITH locked AS MATERIALIZED (${lockedByKey()}),
     lost AS (
       UPDATE event_delivery AS d SET enqueued_at = NULL
       FROM locked WHERE d.event_id = locked.event_id AND d.listener_id = locked.listener_id
         AND locked.finished_at IS NULL AND locked.dead_at IS NULL
       RETURNING d.event_id, d.listener_id, d.order_key),
     due AS (${insertDue('lost')})
     SELECT count(*)::int AS lost FROM lost`,
    keyColumns(deliveries),
  )
  return rows[0]?.lost ?? 0
}
