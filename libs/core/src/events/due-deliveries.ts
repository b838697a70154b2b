import type { Pool, PoolClient } from 'pg'
import type { Queues } from '../queue/index.ts'
import { withDeadline } from '../redis/index.ts'
import { deliveryId, type OwedDelivery } from './event-job.ts'
import { handOver } from './hand-over.ts'
import { findJobs } from './job-lookup.ts'
import { inTransaction } from './transaction.ts'

/** The deliveries of one key to one ordered listener, of which the first unfinished one has its turn. */
export interface Turn {
  listenerId: string
  orderKey: string
}

export interface DueDeliveriesDeps {
  pool: Pool
  queues: Queues
}

/** How many are handed over in one transaction. */
const batchSize = 500
const deadlineMs = 5_000

/**
 * Makes jobs of the deliveries that have none yet and whose turn it is, also of those that an operator wants again. Any number of processes may
 * call it at once.
 */
export async function handOverAllDue(deps: DueDeliveriesDeps): Promise<void> {
  let handedOver
  do handedOver = await handOverTaken(deps, takeAll)
  while (handedOver === batchSize)
}

/** The same for the given turns, without a look at all the others. */
export async function handOverDue(deps: DueDeliveriesDeps, turns: readonly Turn[]): Promise<void> {
  await handOverTaken(deps, (client) => takeTurns(client, turns))
}

const handOverTaken = (
  { pool, queues }: DueDeliveriesDeps,
  take: (client: PoolClient) => Promise<OwedDelivery[]>,
): Promise<number> =>
  inTransaction(pool, async (client) => {
    const due = await take(client)
    if (due.length === 0) return 0
    await freeJobIds(queues, due)
    await handOver(queues, due)
    return due.length
  })

async function takeTurns(client: PoolClient, turns: readonly Turn[]): Promise<OwedDelivery[]> {
  const { rows } = await client.query<OwedDelivery>({
    text: takeDue(
      'SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS t(listener_id, order_key)',
    ),
    values: [turns.map(({ listenerId }) => listenerId), turns.map(({ orderKey }) => orderKey)],
  })
  return rows
}

async function takeAll(client: PoolClient): Promise<OwedDelivery[]> {
  const { rows } = await client.query<OwedDelivery>({
    text: takeDue(
      `SELECT DISTINCT listener_id, order_key FROM event_delivery WHERE ${isWaiting}`,
      `UNION ALL SELECT event_id, listener_id FROM event_delivery
       WHERE order_key IS NULL AND ${isWaiting}`,
    ),
  })
  return rows
}

const isWaiting = 'enqueued_at IS NULL AND finished_at IS NULL AND dead_at IS NULL'

/**
 * The first unfinished delivery of each turn, unless it is dead or has its job already. An earlier event that no relay has published yet goes
 * first: two relays may hold events of one key at the same time. What another process is just taking is left to it.
 */
const takeDue = (turns: string, withoutOrder = '') => `
  WITH turn AS (${turns}),
  due AS (
    SELECT head.event_id, head.listener_id
    FROM turn CROSS JOIN LATERAL (
      SELECT d.event_id, d.listener_id, d.sequence, d.enqueued_at, d.dead_at FROM event_delivery d
      WHERE d.listener_id = turn.listener_id AND d.order_key = turn.order_key
        AND d.finished_at IS NULL
      ORDER BY d.sequence LIMIT 1) AS head
    WHERE head.enqueued_at IS NULL AND head.dead_at IS NULL
      AND NOT EXISTS (
        SELECT FROM outbox_event e JOIN event_subscription s ON s.event_name = e.name
        WHERE e.published_at IS NULL AND e.key = turn.order_key AND e.sequence < head.sequence
          AND s.listener_id = turn.listener_id)
    ${withoutOrder}),
  taken AS (
    SELECT event_id, listener_id FROM event_delivery d JOIN due USING (event_id, listener_id)
    WHERE ${isWaiting} LIMIT ${batchSize} FOR UPDATE OF d SKIP LOCKED)
  UPDATE event_delivery d SET enqueued_at = now()
  FROM taken JOIN outbox_event e ON e.id = taken.event_id
  WHERE d.event_id = taken.event_id AND d.listener_id = taken.listener_id
  RETURNING d.event_id, d.listener_id, d.queue, d.order_key,
            e.name, e.payload, e.trace_context, e.occurred_at`

/** BullMQ ignores a job whose id it knows, also of a job that ended. */
async function freeJobIds(queues: Queues, deliveries: readonly OwedDelivery[]): Promise<void> {
  const jobs = await findJobs(queues, deliveries)
  const failed = deliveries.filter((delivery) => jobs.get(idOf(delivery)) === 'failed')
  const removing = failed.map((delivery) => queues.get(delivery.queue).remove(idOf(delivery)))
  await withDeadline(Promise.all(removing), deadlineMs)
}

const idOf = ({ event_id, listener_id }: OwedDelivery) => deliveryId(event_id, listener_id)
