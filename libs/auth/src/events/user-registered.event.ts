import { z } from 'zod'
import { defineEvent } from '@ashlar/core/events'

export const userRegistered = defineEvent('auth.user-registered', z.object({ userId: z.int() }))
