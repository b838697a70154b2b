import { z } from 'zod'
import { defineEvent } from '@ashlar/core/events'

/** A refresh token was presented again after its grace: somebody has stolen it. The session is over. */
export const sessionReused = defineEvent(
  'auth.session-reused',
  z.object({ userId: z.int(), sessionId: z.uuid() }),
)
