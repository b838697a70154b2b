import { z } from 'zod'
import type { Clock } from '@ashlar/core/module'
import { defineTask, handle } from '@ashlar/core/queue'
import type { AuthStore } from '../auth.store.ts'

/** How long a session stays after it expired: long enough to look into an incident. */
const retentionMs = 30 * 86_400_000

const purgeExpiredSessions = defineTask('auth.purge-expired-sessions', z.object({}))

/** Sessions that expired a month ago are of no use to anyone, nor are tokens of mails from the moment they expire. */
export const purgeExpiredSessionsTask = (store: AuthStore, clock: Clock) =>
  handle(
    purgeExpiredSessions,
    async () => {
      const now = clock.now()
      const purged = await store.sessions.deleteExpired(new Date(now.getTime() - retentionMs))
      await store.tokens.deleteExpired(now)
      return { purged }
    },
    { schedule: { cron: '17 3 * * *' } },
  )
