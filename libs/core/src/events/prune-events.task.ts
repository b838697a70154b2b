import type { Pool } from 'pg'
import { z } from 'zod'
import { defineTask, handle } from '../queue/index.ts'
import { pruneEvents } from './prune-events.ts'

const pruneOldEvents = defineTask('core.prune-events', z.object({}))

/** Keeps outbox and inbox small, so that what is looked for in them stays near. */
export const pruneEventsTask = (pool: Pool, retentionMs: number) =>
  handle(
    pruneOldEvents,
    async (_, { signal }) => ({ pruned: await pruneEvents(pool, retentionMs, signal) }),
    { schedule: { cron: '37 * * * *' } },
  )
