import { z } from 'zod'
import { defineEvent } from '@ashlar/core/events'

/** Somebody asks for the mail again, or wants another address. */
export const emailVerificationRequested = defineEvent(
  'auth.email-verification-requested',
  z.object({ userId: z.int() }),
)
