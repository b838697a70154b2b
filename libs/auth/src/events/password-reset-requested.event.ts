import { z } from 'zod'
import { defineEvent } from '@ashlar/core/events'

export const passwordResetRequested = defineEvent(
  'auth.password-reset-requested',
  z.object({ userId: z.int() }),
)
