import type { z } from 'zod'
import type { Logger } from '../logging/index.ts'
import { assertQualifiedName, type RetryPolicy } from '../queue/index.ts'
import type { EventDefinition } from './event.ts'

/** What a listener is told about the delivery at hand. */
export interface Delivery {
  /** `<eventId>.<listenerId>`: the same for every attempt, so that an outside system can tell a repeat. */
  id: string
  eventId: string
  /** When the event was published, by the clock of PostgreSQL. */
  occurredAt: Date
  /** From 1. */
  attempt: number
  /** Aborted when the process stops or the listener's time is over. */
  signal: AbortSignal
  log: Logger
}

/** `attempts` (default 36: about a day), `backoffMs` (default 1 s) and `timeoutMs` (default 1 minute). */
export interface ListenerOptions extends Partial<RetryPolicy> {
  /**
   * Events of one key come one after another, in the order in which they were published; a delivery that is tried again, or dead, holds up the
   * later ones of its key and no others. The event needs a `key`.
   */
  ordered?: boolean
}

/** One reaction to one event, delivered as a job of its own. */
export interface Listener {
  id: string
  event: EventDefinition
  policy: RetryPolicy
  ordered: boolean
  handle(payload: unknown, delivery: Delivery): Promise<void>
}

// The pauses double from one second to one hour within two hours; 24 more of an hour make about a day.
const defaults: RetryPolicy = { attempts: 36, backoffMs: 1_000, timeoutMs: 60_000 }

/**
 * Subscribes to an event. Each listener gets every event at least once, by itself: one that fails holds up no other and is tried again with
 * growing pauses. The id, `<module>.<what-it-does>`, names the subscription for good: a renamed listener is a new one. Throws if an ordered
 * listener's event has no key.
 *
 * @example
 * on(stoneCut, 'quarry.tell-buyer', async ({ stoneId }, delivery) => {
 *   const stone = await store.stones.findById(stoneId)
 *   if (stone) await mailer.send(stoneReady(stone), { messageId: delivery.id })
 * })
 */
export function on<Schema extends z.ZodType>(
  event: EventDefinition<Schema>,
  listenerId: string,
  handle: (payload: z.output<Schema>, delivery: Delivery) => unknown,
  { ordered = false, ...policy }: ListenerOptions = {},
): Listener {
  assertQualifiedName(listenerId)
  if (ordered && !event.key)
    throw new TypeError(`${listenerId} is ordered, so ${event.name} must have a key`)
  return {
    id: listenerId,
    event,
    policy: { ...defaults, ...policy },
    ordered,
    handle: async (payload, delivery) => {
      await handle(payload as z.output<Schema>, delivery)
    },
  }
}
