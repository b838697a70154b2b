import { z } from 'zod'
import { defineEvent } from '@ashlar/core/events'

export const emailChangeRequested = defineEvent(
  'auth.email-change-requested',
  z.object({ userId: z.int() }),
)
