import { z } from 'zod'
import { defineEvent } from '@ashlar/core/events'

export const userDeleted = defineEvent('auth.user-deleted', z.object({ userId: z.int() }))
