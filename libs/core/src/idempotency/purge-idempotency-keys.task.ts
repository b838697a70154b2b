import { z } from 'zod'
import { defineTask, handle } from '../queue/index.ts'
import type { IdempotencyKeys } from './idempotency-keys.ts'

const purgeIdempotencyKeys = defineTask('core.purge-idempotency-keys', z.object({}))

/** An expired key counts as unknown; its row, which may hold personal data, has no more use. */
export const purgeIdempotencyKeysTask = (keys: Pick<IdempotencyKeys, 'deleteExpired'>) =>
  handle(
    purgeIdempotencyKeys,
    async (_, { signal }) => ({ purged: await keys.deleteExpired(signal) }),
    { schedule: { cron: '7 * * * *' } },
  )
