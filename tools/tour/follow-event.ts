import { Client } from 'pg'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { waitFor } from './wait-for.ts'

export interface FollowedEvent {
  id: string
  name: string
  occurredAt: Date
  publishedAfterMs: number
  deliveries: { listenerId: string; queue: string; finishedAt: Date }[]
}

interface EventRow {
  id: string
  name: string
  occurred_at: Date
  published_at: Date | null
  deliveries: { listener_id: string; queue: string; finished_at: string | null }[]
}

/** Waits until the registration's event was handed to every listener and every listener is done. */
export async function followEvent(databaseUrl: string, userId: number): Promise<FollowedEvent> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 2_000 })
  await client.connect()
  try {
    const row = await waitFor(() => findHandledEvent(client, userId))
    if (!row)
      throw new ExpectedFault(
        'The event is in the outbox, but its listeners are not done after 30 seconds. Does the worker run, and Redis? See the output of npm run dev.',
      )
    return {
      id: row.id,
      name: row.name,
      occurredAt: row.occurred_at,
      publishedAfterMs: (row.published_at?.getTime() ?? 0) - row.occurred_at.getTime(),
      deliveries: row.deliveries.map((delivery) => ({
        listenerId: delivery.listener_id,
        queue: delivery.queue,
        finishedAt: new Date(delivery.finished_at ?? 0),
      })),
    }
  } finally {
    await client.end()
  }
}

async function findHandledEvent(client: Client, userId: number): Promise<EventRow | undefined> {
  const { rows } = await client.query<EventRow>(
    `SELECT e.id, e.name, e.occurred_at, e.published_at,
            coalesce(json_agg(d ORDER BY d.finished_at) FILTER (WHERE d.event_id IS NOT NULL), '[]') AS deliveries
     FROM outbox_event e LEFT JOIN event_delivery d ON d.event_id = e.id
     WHERE e.name = 'auth.user-registered' AND e.payload ->> 'userId' = $1
     GROUP BY e.id`,
    [String(userId)],
  )
  const [event] = rows
  const handled = event?.deliveries.length && event.deliveries.every((each) => each.finished_at)
  return event?.published_at && handled ? event : undefined
}
