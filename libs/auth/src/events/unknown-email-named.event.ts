import { z } from 'zod'
import { defineEvent } from '@ashlar/core/events'

/** A request named an e-mail that it can do nothing for. Published so that the work is the same as for one that it can. */
export const unknownEmailNamed = defineEvent(
  'auth.unknown-email-named',
  z.object({ request: z.enum(['restore-password', 'verify-email']) }),
)
