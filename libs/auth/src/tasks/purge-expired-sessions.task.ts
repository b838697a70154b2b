import { z } from 'zod'
import type { Clock } from '@ashlar/core/module'
import { createSteps, defineTask, handle } from '@ashlar/core/queue'
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
    async (_, { signal, log }) => {
      const now = clock.now()
      const before = new Date(now.getTime() - retentionMs)
      const yesterday = new Date(now.getTime() - mailCountMs)
      const { sessions, apiKeys, formerEmails, tokens, mailCounts } = store
      const steps = createSteps(log)
      const purged = await steps.run('sessions', () => sessions.deleteExpired(before, signal))
      await steps.run('API keys', () => apiKeys.deleteExpired(before, signal))
      await steps.run('former addresses', () => formerEmails.deleteBefore(before, signal))
      await steps.run('tokens of mails', () => tokens.deleteExpired(now, signal))
      await steps.run('counts of mails', () => mailCounts.deleteBefore(yesterday, signal))
      steps.end()
      return { purged }
    },
    { schedule: { cron: '17 3 * * *' } },
  )
