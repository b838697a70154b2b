import { z } from 'zod'
import type { Clock } from '@ashlar/core/module'
import { defineTask, handle } from '@ashlar/core/queue'
import type { AuthStore } from '../auth.store.ts'

/** How long a session or an API key stays after it expired: long enough to look into an incident. */
const retentionMs = 30 * 86_400_000

/** Longer than the hour that is counted. */
const mailCountMs = 86_400_000

const purgeExpiredSessions = defineTask('auth.purge-expired-sessions', z.object({}))

/**
 * Deletes what is of no use to anyone: sessions and API keys that expired a month ago, addresses
 * that accounts gave up then, expired tokens of mails, and counts of mails of the day before.
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
