import type { Pool } from 'pg'
import type { Logger } from '../logging/index.ts'
import { eventQueue, moduleOf, type TaskHandler } from '../queue/index.ts'
import { releaseHeld, type Subscription } from './held-deliveries.ts'
import type { Listener } from './listener.ts'
import { taskEvent } from './queued-task.ts'
import { removeSubscriptions } from './unsubscribe.ts'

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

/** The second time soon: processes of the release before may still be declaring theirs. */
const againAfterMs = { start: 60_000, later: 3_600_000 }

/**
 * A subscription that nobody declared for a week belongs to a listener that was deleted. During a
 * roll-out, old processes go on declaring theirs.
 */
const goneAfter = '7 days'

/** Makes the listeners of this process known to the relays of all processes, again and again. */
export function createSubscriptions({
  pool,
  listeners,
  tasks = [],
  modules = [],
  log,
}: SubscriptionsDeps) {
  const rows = [
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
  ].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  let saveAt = 0
  let isFirst = true
  let saving: Promise<void> | undefined
  return { save, release }

  /** Must have succeeded once before this process relays: an event is delivered to the listeners that are known then. */
  async function save(): Promise<void> {
    if (performance.now() < saveAt) return
    await (saving ??= saveAll().finally(() => (saving = undefined)))
  }

  async function saveAll(): Promise<void> {
    await declareAll()
    await removeGone()
    saveAt = performance.now() + (isFirst ? againAfterMs.start : againAfterMs.later)
    isFirst = false
  }

  async function declareAll(): Promise<void> {
    await pool.query(
      `INSERT INTO event_subscription (listener_id, event_name, queue, ordered, updated_at)
       SELECT *, now() FROM unnest($1::text[], $2::text[], $3::text[], $4::bool[])
       ON CONFLICT (listener_id, event_name, ordered) DO UPDATE
       SET queue = excluded.queue, updated_at = excluded.updated_at`,
      [
        rows.map(({ id }) => id),
        rows.map(({ event }) => event),
        rows.map(({ queue }) => queue),
        rows.map(({ ordered }) => ordered),
      ],
    )
  }

  /** Delivers what was held for listeners that this process knows. */
  async function release(): Promise<void> {
    const { rows: held } = await pool.query<Subscription>(
      `SELECT DISTINCT listener_id AS "listenerId", event_name AS "eventName" FROM event_subscription
       JOIN unnest($1::text[], $2::text[]) AS own(listener_id, event_name) USING (listener_id, event_name)
       WHERE holding`,
      [rows.map(({ id }) => id), rows.map(({ event }) => event)],
    )
    for (const subscription of held) {
      const deliveries = await releaseHeld(pool, subscription)
      log.info({ ...subscription, deliveries }, 'deliveries that were held go on')
    }
  }

  async function removeGone(): Promise<void> {
    const owners = [...modules, ...rows.map(({ id }) => moduleOf(id))]
    const { rows: gone } = await pool.query<{ listener_id: string; event_name: string }>(
      `SELECT listener_id, event_name FROM event_subscription
       WHERE split_part(listener_id, '.', 1) = ANY($1) AND updated_at < now() - $2::interval`,
      [owners, goneAfter],
    )
    if (gone.length === 0) return
    for (const listenerId of new Set(gone.map(({ listener_id }) => listener_id)))
      await removeSubscriptions(pool, { listenerId, olderThan: goneAfter })
    log.warn({ listeners: gone }, 'removed the subscriptions of listeners that no longer exist')
  }
}
