import type { Core } from '@ashlar/core/module'
import { withCore } from '../command/with-core.ts'

/** Gives `work` the platform, once PostgreSQL has answered. */
export const withDatabase = <T>(work: (core: Core) => Promise<T>): Promise<T> =>
  withCore('events', async (core) => {
    await core.database.ping()
    return work(core)
  })
