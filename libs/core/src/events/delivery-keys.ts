import { deliveryId, type OwedDelivery } from './event-job.ts'

export type DeliveryKey = Pick<OwedDelivery, 'event_id' | 'listener_id'>

/** The id of its job. */
export const idOf = ({ event_id, listener_id }: DeliveryKey): string =>
  deliveryId(event_id, listener_id)

/** The values of `$1` and `$2` in {@link lockedByKey}. */
export const keyColumns = (deliveries: readonly DeliveryKey[]) => [
  deliveries.map(({ event_id }) => event_id),
  deliveries.map(({ listener_id }) => listener_id),
]

/**
 * The deliveries with the keys in `$1` and `$2`, locked, and the `place` of each; in SQL. Their
 * state is to be asked for outside: `OFFSET` keeps such a condition from coming in, where an index
 * of the few deliveries in that state would look cheaper than the primary key. With statistics from
 * before a burst it holds a million, and would be read as a whole for each key.
 */
export const lockedByKey = ({ skipLocked = false } = {}) => `
  SELECT k.place, d.*
  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS k(event_id, listener_id, place)
  CROSS JOIN LATERAL (
    SELECT * FROM event_delivery d
    WHERE d.event_id = k.event_id AND d.listener_id = k.listener_id
    OFFSET 0 FOR UPDATE${skipLocked ? ' SKIP LOCKED' : ''}) AS d`

/** Rows in `event_due` for the deliveries that another part of the statement returns; in SQL. */
export const insertDue = (from: string) => `
  INSERT INTO event_due (event_id, listener_id, order_key)
  SELECT DISTINCT CASE WHEN order_key IS NULL THEN event_id END, listener_id, order_key FROM ${from}`

/** The same where only the next delivery of a key may be due. */
export const insertDueKeys = (from: string) => `
  INSERT INTO event_due (listener_id, order_key)
  SELECT DISTINCT listener_id, order_key FROM ${from} WHERE order_key IS NOT NULL`
