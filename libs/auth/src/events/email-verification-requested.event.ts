import { z } from 'zod'
import { defineEvent } from '@ashlar/core/events'

/** Somebody asks for the verification mail again. */
export const emailVerificationRequested = defineEvent(
  'auth.email-verification-requested',
  z.object({ userId: z.int() }),
)
