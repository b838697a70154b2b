import { z } from 'zod'
import type { Clock } from '@ashlar/core/module'
import { defineTask, handle } from '@ashlar/core/queue'
import type { AuthConfig } from '../auth.config.ts'
import type { AuthStore } from '../auth.store.ts'
import { purgeUsers } from '../services/user-purge.ts'

const purgeDeletedUsers = defineTask('auth.purge-deleted-users', z.object({}))

export interface PurgeDeletedUsersDeps {
  config: Pick<AuthConfig, 'deletedUserRetentionMs'>
  store: AuthStore
  clock: Clock
}

/** Who deleted an account wants it gone. Until then an administrator can bring it back. */
export const purgeDeletedUsersTask = ({ config, store, clock }: PurgeDeletedUsersDeps) =>
  handle(
    purgeDeletedUsers,
    async (_, { signal, log }) => {
      const before = new Date(clock.now().getTime() - config.deletedUserRetentionMs)
      return { purged: await purgeUsers(store, { before, signal, log }) }
    },
    { schedule: { cron: '47 3 * * *' } },
  )
