import type { Db } from '../db/index.ts'
import { eventQueue, moduleOf } from '../queue/index.ts'
import type { Delivery } from './listener.ts'

/** What a listener has handled, in the transaction of what it writes. */
export interface TransactionInbox {
  /**
   * Takes a delivery, and is true for one of any number of runs of its listener: those that come later, after a crash or beside it, find it done with
   * all that was written in the transaction, and have to leave it. Without it a listener is run again when its process dies after the commit, and
   * has to bear that.
   *
   * @example
   * on(orderPaid, 'stock.reserve', ({ orderId }, delivery) =>
   *   store.transaction(async (store) => {
   *     if (await store.inbox.take(delivery)) await store.stock.reserve(orderId)
   *   }),
   * )
   */
  take(delivery: Pick<Delivery, 'id' | 'eventId'>): Promise<boolean>
}

/** What it needs of a transaction. */
export type InboxTransaction = Pick<Db, '$queryRaw'>

export function createTransactionInbox(tx: InboxTransaction): TransactionInbox {
  return { take }

  /** Whoever comes second waits for the row until the first one has committed. */
  async function take({ id, eventId }: Pick<Delivery, 'id' | 'eventId'>): Promise<boolean> {
    const listenerId = id.slice(eventId.length + 1)
    const queue = eventQueue(moduleOf(listenerId))
    const taken = await tx.$queryRaw<unknown[]>`
      WITH finished AS (
        INSERT INTO event_delivery AS d (event_id, listener_id, queue, finished_at)
        VALUES (${eventId}::uuid, ${listenerId}, ${queue}, now())
        ON CONFLICT (event_id, listener_id) DO UPDATE
        SET finished_at = now(), dead_at = NULL, held_at = NULL, error = NULL WHERE d.finished_at IS NULL
        RETURNING listener_id, order_key),
      due AS (
        INSERT INTO event_due (listener_id, order_key)
        SELECT listener_id, order_key FROM finished WHERE order_key IS NOT NULL)
      SELECT FROM finished`
    return taken.length > 0
  }
}

/** Outside a transaction there is nothing that it could be done with. */
export const noTransactionInbox: TransactionInbox = {
  take: () => Promise.reject(new TypeError('A delivery is taken in a transaction only.')),
}
