import { z } from 'zod'
import { defineEvent } from '@ashlar/core/events'

export const passwordChanged = defineEvent('auth.password-changed', z.object({ userId: z.int() }))
