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
    const { rows } = await pool.query<{ listener_id: string }>(
      `DELETE FROM event_subscription
       WHERE split_part(listener_id, '.', 1) = ANY($1) AND updated_at < now() - $2::interval RETURNING listener_id`,
      [owners, goneAfter],
    )
    if (rows.length === 0) return
    const gone = rows.map((row) => row.listener_id)
    await pool.query(
      `UPDATE event_delivery SET dead_at = now(), error = 'The listener no longer exists.'
       WHERE listener_id = ANY($1) AND finished_at IS NULL AND dead_at IS NULL`,
      [gone],
    )
    log.warn({ listeners: gone }, 'removed the subscriptions of listeners that no longer exist')
  }
}
