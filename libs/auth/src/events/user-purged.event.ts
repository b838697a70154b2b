import { z } from 'zod'
import { defineEvent } from '@ashlar/core/events'

/** The account is out of the database for good: nobody can bring it back. */
export const userPurged = defineEvent('auth.user-purged', z.object({ userId: z.int() }))
