import type { z } from 'zod'
import type { Logger } from '../logging/index.ts'
import { assertQualifiedName, type RetryPolicy } from '../queue/index.ts'
import type { EventDefinition } from './event.ts'

/** What a listener is told about the delivery at hand. */
export interface Delivery {
  /** `<eventId>.<listenerId>`: the same for every attempt, so that an outside system can tell a repeat. */
  id: string
  eventId: string
  /** From 1. */
  attempt: number
  /** Aborted when the process stops or the listener's time is over. */
  signal: AbortSignal
  log: Logger
}

/** `attempts` (default 36: about a day), `backoffMs` (default 1 s) and `timeoutMs` (default 1 minute). */
export type ListenerOptions = Partial<RetryPolicy>

/** One reaction to one event, delivered as a job of its own. */
export interface Listener {
  id: string
  event: EventDefinition
  policy: RetryPolicy
  handle(payload: unknown, delivery: Delivery): Promise<void>
}

// The pauses double from one second to one hour within two hours; 24 more of an hour make about a day.
const defaults: RetryPolicy = { attempts: 36, backoffMs: 1_000, timeoutMs: 60_000 }

/**
 * Subscribes to an event. Each listener gets every event at least once, by itself: one that fails holds up no other and is tried again with
 * growing pauses. The id, `<module>.<what-it-does>`, names the subscription for good: a renamed listener is a new one.
 *
 * @example
 * on(userRegistered, 'auth.send-welcome-email', async ({ userId }, delivery) => {
 *   const user = await users.findById(userId)
 *   if (user) await mailer.send(welcomeEmail(user), { messageId: delivery.id })
 * })
 */
export function on<Schema extends z.ZodType>(
  event: EventDefinition<Schema>,
  listenerId: string,
  handle: (payload: z.output<Schema>, delivery: Delivery) => unknown,
  options: ListenerOptions = {},
): Listener {
  assertQualifiedName(listenerId)
  return {
    id: listenerId,
    event,
    policy: { ...defaults, ...options },
    handle: async (payload, delivery) => {
      await handle(payload as z.output<Schema>, delivery)
    },
  }
}
