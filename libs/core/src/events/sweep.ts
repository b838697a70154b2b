import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import type { Component } from '../lifecycle/index.ts'
import { createOutageLog, type Logger } from '../logging/index.ts'
import type { Queues } from '../queue/index.ts'
import { deliveryId, type OwedDelivery } from './event-job.ts'
import { handOver } from './hand-over.ts'
import { findJobs } from './job-lookup.ts'
import { inTransaction } from './transaction.ts'
import { createWakeUp } from './wake-up.ts'

export interface SweepDeps {
  pool: Pool
  queues: Queues
  log: Logger
  everyMs?: number
  /** Deliveries younger than this are left alone: their job may be under way to Redis. */
  graceMs?: number
}

const pageSize = 500
const stopMs = 2_000

/** An arbitrary number that only this lock uses. */
const lockId = 7_242_001

interface Cursor {
  enqueuedAt: string
  eventId: string
  listenerId: string
}

type OwedRow = OwedDelivery & { position: string }

/**
 * Compares what is owed with what BullMQ holds, every 30 seconds: a delivery whose job is gone (Redis was emptied) or counts as completed is
 * handed over again, one whose job failed for good is marked as dead. So BullMQ never holds the only copy. One process at a time.
 */
export function createSweep({
  pool,
  queues,
  log,
  everyMs = 30_000,
  graceMs = 10_000,
}: SweepDeps): Component {
  const outage = createOutageLog(log, 'the sweep of owed deliveries')
  const wakeUp = createWakeUp()
  let stopping = false
  let running: Promise<void> = Promise.resolve()
  return { name: 'delivery sweep', start, stop }

  function start(): void {
    running = sweepUntilStopped()
  }

  async function stop(): Promise<void> {
    stopping = true
    wakeUp.call()
    await Promise.race([running, sleep(stopMs, undefined, { ref: false })])
  }

  async function sweepUntilStopped(): Promise<void> {
    while (!stopping) {
      await wakeUp.sleep(everyMs)
      if (!stopping) await sweep().then(outage.recovered, outage.failed)
    }
  }

  async function sweep(): Promise<void> {
    let cursor: Cursor | undefined
    do cursor = await inTransaction(pool, (client) => sweepPage(client, cursor))
    while (cursor && !stopping)
  }

  /** A page is a transaction of its own, so that no worker waits long for a row. Gives where the next one begins. */
  async function sweepPage(client: PoolClient, after?: Cursor): Promise<Cursor | undefined> {
    if (!(await lock(client))) return undefined
    const page = await readOwed(client, graceMs, after)
    const jobs = await findJobs(queues, page)
    const failed = page.filter((delivery) => jobs.get(idOf(delivery)) === 'failed')
    const missing = page.filter((delivery) => jobs.get(idOf(delivery)) === 'missing')
    await markDead(client, failed)
    const owed = await touch(client, missing)
    if (owed.length > 0) {
      await handOver(queues, owed)
      log.warn({ deliveries: owed.length }, 'handed deliveries to BullMQ again that it had lost')
    }
    const last = page.length === pageSize ? page.at(-1) : undefined
    return (
      last && {
        enqueuedAt: last.position,
        eventId: last.event_id,
        listenerId: last.listener_id,
      }
    )
  }
}

async function lock(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    'SELECT pg_try_advisory_xact_lock($1) AS locked',
    [lockId],
  )
  return rows[0]?.locked ?? false
}

async function readOwed(client: PoolClient, graceMs: number, after?: Cursor): Promise<OwedRow[]> {
  const { rows } = await client.query<OwedRow>(
    `SELECT d.event_id, d.listener_id, d.queue, d.order_key, d.enqueued_at::text AS position,
            e.name, e.payload, e.trace_context, e.occurred_at
     FROM event_delivery d JOIN outbox_event e ON e.id = d.event_id
     WHERE d.finished_at IS NULL AND d.dead_at IS NULL
       AND d.enqueued_at < now() - make_interval(secs => $1)
       AND ($2::timestamptz IS NULL OR (d.enqueued_at, d.event_id, d.listener_id) > ($2, $3, $4))
     ORDER BY d.enqueued_at, d.event_id, d.listener_id LIMIT ${pageSize}`,
    [graceMs / 1_000, after?.enqueuedAt ?? null, after?.eventId ?? null, after?.listenerId ?? null],
  )
  return rows
}

async function markDead(client: PoolClient, deliveries: OwedDelivery[]): Promise<void> {
  if (deliveries.length === 0) return
  await client.query(
    `UPDATE event_delivery AS d SET dead_at = now(), error = 'The job failed for good.'
     FROM unnest($1::uuid[], $2::text[]) AS k(event_id, listener_id)
     WHERE d.event_id = k.event_id AND d.listener_id = k.listener_id AND d.finished_at IS NULL`,
    keys(deliveries),
  )
}

/** Gives those that are owed still: a worker may have handled some in the meantime. */
async function touch(client: PoolClient, deliveries: OwedDelivery[]): Promise<OwedDelivery[]> {
  if (deliveries.length === 0) return []
  const { rows } = await client.query<{ event_id: string; listener_id: string }>(
    `UPDATE event_delivery AS d SET enqueued_at = now()
     FROM unnest($1::uuid[], $2::text[]) AS k(event_id, listener_id)
     WHERE d.event_id = k.event_id AND d.listener_id = k.listener_id
       AND d.finished_at IS NULL AND d.dead_at IS NULL
     RETURNING d.event_id, d.listener_id`,
    keys(deliveries),
  )
  const owed = new Set(rows.map((row) => deliveryId(row.event_id, row.listener_id)))
  return deliveries.filter((delivery) => owed.has(idOf(delivery)))
}

const idOf = ({ event_id, listener_id }: OwedDelivery) => deliveryId(event_id, listener_id)

const keys = (deliveries: OwedDelivery[]) => [
  deliveries.map(({ event_id }) => event_id),
  deliveries.map(({ listener_id }) => listener_id),
]
