import { z } from 'zod'
import { defineEvent } from '@ashlar/core/events'

/** Somebody wanted to register with the e-mail of this user, and was not told that it is taken. */
export const registrationRepeated = defineEvent(
  'auth.registration-repeated',
  z.object({ userId: z.int() }),
)
