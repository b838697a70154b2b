import { z } from 'zod'
import type { Clock } from '@ashlar/core/module'
import { defineTask, handle } from '@ashlar/core/queue'
import type { AuthStore } from '../auth.store.ts'

/** How long a session or an API key stays after it expired: long enough to look into an incident. */
const retentionMs = 30 * 86_400_000

/** Longer than any count is asked for. */
const mailCountMs = 86_400_000

const purgeExpiredSessions = defineTask('auth.purge-expired-sessions', z.object({}))

/**
 * Sessions and API keys that expired a month ago are of no use to anyone, nor are addresses that accounts had then, counts of mails of the day
 * before, and tokens of mails from the moment they expire.
 */
export const purgeExpiredSessionsTask = (store: AuthStore, clock: Clock) =>
  handle(
    purgeExpiredSessions,
    async (_, { signal }) => {
      const now = clock.now()
      const before = new Date(now.getTime() - retentionMs)
      const purged = await store.sessions.deleteExpired(before, signal)
      await store.apiKeys.deleteExpired(before, signal)
      await store.formerEmails.deleteBefore(before, signal)
      await store.tokens.deleteExpired(now, signal)
      await store.mailCounts.deleteBefore(new Date(now.getTime() - mailCountMs), signal)
      return { purged }
    },
    { schedule: { cron: '17 3 * * *' } },
  )
