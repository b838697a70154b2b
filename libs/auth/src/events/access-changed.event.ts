import { z } from 'zod'
import { defineEvent } from '@ashlar/core/events'

/** What the owner of an account is told, because whoever did it may be a thief. */
export const accessChanges = [
  'api_key_created',
  'recovery_code_used',
  'recovery_codes_renewed',
  'second_factor_disabled',
  'second_factor_enabled',
  'second_factor_reset',
] as const
export type AccessChange = (typeof accessChanges)[number]

/** Another way into an account was made, used or closed. */
export const accessChanged = defineEvent(
  'auth.access-changed',
  z.object({ userId: z.int(), change: z.enum(accessChanges) }),
)
