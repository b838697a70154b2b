import type { Pool } from 'pg'
import type { Logger } from '../logging/index.ts'
import { eventQueue, moduleOf, type TaskHandler } from '../queue/index.ts'
import type { Listener } from './listener.ts'
import { taskEvent } from './queued-task.ts'

export type Subscriptions = ReturnType<typeof createSubscriptions>

export interface SubscriptionsDeps {
  pool: Pool
  listeners: readonly Listener[]
  /** They too are owed what was written down for them in a transaction. */
  tasks?: readonly TaskHandler[]
  /** Names of all modules of this process, also of those that have no listener any more. */
  modules?: readonly string[]
  log: Logger
}

const refreshMs = 3_600_000

/** A subscription that nobody declared for a week belongs to a listener that was deleted. During a roll-out, old processes go on declaring theirs. */
const goneAfter = '7 days'

/** Few enough for one statement to be far from its time limit: nobody relays until it has succeeded. */
const batchSize = 500

const isGone = `split_part(s.listener_id, '.', 1) = ANY($1) AND s.updated_at < now() - $2::interval`
const giveUp = `UPDATE event_delivery d SET dead_at = now(), error = 'The listener no longer exists.'`
const isOwed = 'd.finished_at IS NULL AND d.dead_at IS NULL'

/** Makes the listeners of this process known to the relays of all processes, now and every hour. */
export function createSubscriptions({
  pool,
  listeners,
  tasks = [],
  modules = [],
  log,
}: SubscriptionsDeps) {
  let savedAt = -Infinity
  return { save }

  /** Must have succeeded once before this process relays: an event is delivered to the listeners that are known then. */
  async function save(): Promise<void> {
    if (performance.now() - savedAt < refreshMs) return
    await saveAll()
    await removeGone()
    savedAt = performance.now()
  }

  async function saveAll(): Promise<void> {
    const rows = subscribers().toSorted((a, b) => (a.id < b.id ? -1 : 1))
    await pool.query(
      `INSERT INTO event_subscription (listener_id, event_name, queue, ordered, updated_at)
       SELECT *, now() FROM unnest($1::text[], $2::text[], $3::text[], $4::bool[])
       ON CONFLICT (listener_id) DO UPDATE
       SET event_name = excluded.event_name, queue = excluded.queue, ordered = excluded.ordered,
           updated_at = excluded.updated_at`,
      [
        rows.map(({ id }) => id),
        rows.map(({ event }) => event),
        rows.map(({ queue }) => queue),
        rows.map(({ ordered }) => ordered),
      ],
    )
  }

  function subscribers() {
    return [
      ...listeners.map(({ id, event, ordered }) => ({
        id,
        event: event.name,
        queue: eventQueue(moduleOf(id)),
        ordered,
      })),
      ...tasks.map(({ task: { name, queue } }) => ({
        id: name,
        event: taskEvent(name),
        queue,
        ordered: false,
      })),
    ]
  }

  async function removeGone(): Promise<void> {
    const owners = [...modules, ...subscribers().map(({ id }) => moduleOf(id))]
    while ((await giveUpSome(owners)) === batchSize);
    // In one statement: without its subscription nobody would look after what is still owed.
    const { rows } = await pool.query<{ listener_id: string }>(
      `WITH gone AS (DELETE FROM event_subscription s WHERE ${isGone} RETURNING listener_id),
       given_up AS (${giveUp} FROM gone WHERE d.listener_id = gone.listener_id AND ${isOwed})
       SELECT listener_id FROM gone`,
      [owners, goneAfter],
    )
    const listeners = rows.map((row) => row.listener_id)
    if (listeners.length > 0)
      log.warn({ listeners }, 'removed the subscriptions of listeners that no longer exist')
  }

  async function giveUpSome(owners: string[]): Promise<number> {
    const { rowCount } = await pool.query(
      `${giveUp} FROM (
         SELECT d.event_id, d.listener_id FROM event_subscription s JOIN event_delivery d USING (listener_id)
         WHERE ${isGone} AND ${isOwed} LIMIT ${batchSize} FOR UPDATE OF d SKIP LOCKED) AS owed
       WHERE d.event_id = owed.event_id AND d.listener_id = owed.listener_id`,
      [owners, goneAfter],
    )
    return rowCount ?? 0
  }
}
