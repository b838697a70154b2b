import type { Pool, PoolClient } from 'pg'
import type { Queues } from '../queue/index.ts'
import { withDeadline } from '../redis/index.ts'
import { lockRows, type CountedRows, type Taken, type Taking } from './counted-rows.ts'
import { idOf, insertDue, keyColumns, lockedByKey, type DeliveryKey } from './delivery-keys.ts'
import { dueAt, type OwedDelivery } from './event-job.ts'
import { handOver } from './hand-over.ts'
import { findJobs } from './job-lookup.ts'
import { mostBytes } from './payload-bytes.ts'
import { inTransaction } from './transaction.ts'

/**
 * A delivery, or the next one of a key, that may be due. Whoever may have made it so writes the row
 * in the same transaction.
 */
export const dueRows: CountedRows = { table: 'event_due', column: 'id', condition: 'true' }

interface DueRow {
  id: string
  listener_id: string
  event_id: string | null
  order_key: string | null
}

export interface DueDeliveriesDeps {
  pool: Pool
  queues: Queues
}

const deadlineMs = 5_000

/**
 * Takes the oldest rows after a number and makes jobs of the deliveries that are due. Either all of
 * it happens or nothing.
 */
export const handOverDue = (deps: DueDeliveriesDeps, taking: Taking): Promise<Taken> =>
  inTransaction(deps.pool, async (client) => {
    const rows = await takeRows(client, lockRows(dueRows, 'ctid'), [taking.after, taking.limit])
    const left = await handOverOf(deps.queues, client, rows)
    return {
      count: rows.length,
      last: rows.length > 0 ? Math.max(...rows.map(({ id }) => Number(id))) : undefined,
      isMore: rows.length === taking.limit || left > 0,
    }
  })

/** The same for the rows with these ids, as far as nobody has taken them. */
export const handOverTheseDue = (deps: DueDeliveriesDeps, ids: readonly string[]): Promise<void> =>
  inTransaction(deps.pool, async (client) => {
    const these = 'SELECT ctid FROM event_due WHERE id = ANY($1::bigint[]) FOR UPDATE SKIP LOCKED'
    await handOverOf(deps.queues, client, await takeRows(client, these, [ids]))
  })

/** By their place: no plan can go through the rows that stay. */
async function takeRows(client: PoolClient, which: string, values: unknown[]): Promise<DueRow[]> {
  const { rows } = await client.query<DueRow>(
    `DELETE FROM event_due WHERE ctid = ANY(ARRAY(${which}))
     RETURNING id, listener_id, event_id, order_key`,
    values,
  )
  return rows
}

/** Returns how many deliveries are left for the next batch. */
async function handOverOf(queues: Queues, client: PoolClient, rows: DueRow[]): Promise<number> {
  if (rows.length === 0) return 0
  const candidates = [...deliveriesOf(rows), ...(await findFirstOfKeys(client, rows))]
  const { due, later } = await lockDue(client, uniqueOf(candidates))
  await putBack(client, later)
  if (due.length === 0) return later.length
  await markQueued(client, due)
  await freeJobIds(queues, due)
  await handOver(queues, due)
  return later.length
}

const deliveriesOf = (rows: DueRow[]): DeliveryKey[] =>
  rows.flatMap(({ event_id, listener_id }) =>
    event_id === null ? [] : [{ event_id, listener_id }],
  )

const uniqueOf = (candidates: DeliveryKey[]): DeliveryKey[] => [
  ...new Map(candidates.map((each) => [idOf(each), each])).values(),
]

/**
 * The first unfinished delivery of each key, unless it is dead, held, or has its job already. An
 * earlier event that no relay has published yet goes first: two relays may hold events of one key
 * at the same time.
 */
async function findFirstOfKeys(client: PoolClient, rows: DueRow[]): Promise<DeliveryKey[]> {
  const keyed = rows.filter(({ order_key }) => order_key !== null)
  if (keyed.length === 0) return []
  const { rows: found } = await client.query<DeliveryKey>(
    `SELECT first.event_id, first.listener_id
     FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS t(listener_id, order_key)) AS turn
     CROSS JOIN LATERAL (
       SELECT * FROM event_delivery d
       WHERE d.listener_id = turn.listener_id AND d.order_key = turn.order_key
         AND d.finished_at IS NULL
       ORDER BY d.sequence LIMIT 1) AS first
     LEFT JOIN LATERAL (
       SELECT true AS is_unpublished FROM outbox_event e
       WHERE e.key = turn.order_key AND coalesce(e.published_at, 'infinity') = 'infinity'
         AND e.sequence < first.sequence
         AND EXISTS (SELECT FROM event_subscription s
                     WHERE s.listener_id = turn.listener_id AND s.event_name = e.name)
       ORDER BY e.sequence LIMIT 1) AS earlier ON true
     WHERE first.enqueued_at IS NULL AND first.dead_at IS NULL AND first.held_at IS NULL
       AND earlier IS NULL`,
    [keyed.map(({ listener_id }) => listener_id), keyed.map(({ order_key }) => order_key)],
  )
  return found
}

/**
 * Locks those that still wait. One that another process has locked is left: it hands that one over
 * itself, or writes a row when it is done with it. `later` are those that do not fit into this
 * batch.
 */
async function lockDue(client: PoolClient, candidates: DeliveryKey[]) {
  const { rows } = await client.query<OwedDelivery & { fits: boolean }>(
    `WITH locked AS MATERIALIZED (${lockedByKey({ skipLocked: true })}),
     measured AS (
       SELECT l.*, e.name, e.payload, e.trace_context, e.occurred_at,
              row_number() OVER (ORDER BY place) = 1
              OR sum(octet_length(e.payload::text)) OVER (ORDER BY place) <= ${mostBytes} AS fits
       FROM locked l JOIN outbox_event e ON e.id = l.event_id
       WHERE l.enqueued_at IS NULL AND l.finished_at IS NULL AND l.dead_at IS NULL AND l.held_at IS NULL)
     SELECT event_id, listener_id, queue, order_key, name, trace_context, occurred_at, fits,
            CASE WHEN fits THEN payload END AS payload
     FROM measured`,
    keyColumns(candidates),
  )
  const { due = [], later = [] } = Object.groupBy(rows, ({ fits }) => (fits ? 'due' : 'later'))
  return { due, later }
}

async function putBack(client: PoolClient, later: OwedDelivery[]): Promise<void> {
  if (later.length === 0) return
  const rows = 'unnest($1::uuid[], $2::text[], $3::text[]) AS l(event_id, listener_id, order_key)'
  await client.query(insertDue(rows), [
    ...keyColumns(later),
    later.map(({ order_key }) => order_key),
  ])
}

/** A delayed task counts as handed over once it is due: until then no sweep looks for its job. */
async function markQueued(client: PoolClient, due: OwedDelivery[]): Promise<void> {
  await client.query(
    `UPDATE event_delivery d SET enqueued_at = greatest(now(), k.due_at)
     FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS k(event_id, listener_id, due_at)
     WHERE d.event_id = k.event_id AND d.listener_id = k.listener_id`,
    [...keyColumns(due), due.map((delivery) => dueAt(delivery))],
  )
}

/** BullMQ ignores a job whose id it knows, also of a job that ended. */
async function freeJobIds(queues: Queues, deliveries: readonly OwedDelivery[]): Promise<void> {
  const jobs = await findJobs(queues, deliveries)
  const failed = deliveries.filter((delivery) => jobs.get(idOf(delivery)) === 'failed')
  const removing = failed.map((delivery) => queues.get(delivery.queue).remove(idOf(delivery)))
  await withDeadline(Promise.all(removing), deadlineMs)
}
