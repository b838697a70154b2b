import { z } from 'zod'
import type { Clock } from '@ashlar/core/module'
import { defineTask, handle } from '@ashlar/core/queue'
import type { AuthConfig } from '../auth.config.ts'
import type { AuthStore } from '../auth.store.ts'

const purgeAuditTrail = defineTask('auth.purge-audit-trail', z.object({}))

export interface PurgeAuditTrailDeps {
  config: Pick<AuthConfig, 'auditRetentionMs'>
  store: AuthStore
  clock: Clock
}

/** Addresses are personal data: they are kept as long as somebody decided, and no longer. */
export const purgeAuditTrailTask = ({ config, store, clock }: PurgeAuditTrailDeps) =>
  handle(
    purgeAuditTrail,
    async (_, { signal }) => {
      const before = new Date(clock.now().getTime() - config.auditRetentionMs)
      return { purged: await store.audit.deleteBefore(before, signal) }
    },
    { schedule: { cron: '37 3 * * *' } },
  )
