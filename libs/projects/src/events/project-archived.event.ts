import { z } from 'zod'
import { defineEvent } from '@ashlar/core/events'

export const projectArchived = defineEvent(
  'projects.project-archived',
  z.object({ projectId: z.int() }),
)
