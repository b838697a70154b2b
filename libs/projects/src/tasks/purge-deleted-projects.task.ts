import { z } from 'zod'
import type { Clock } from '@ashlar/core/module'
import { defineTask, handle } from '@ashlar/core/queue'
import type { ProjectsStore } from '../projects.store.ts'

/** How long a deleted project can be restored. */
const retentionMs = 30 * 86_400_000

const purgeDeletedProjects = defineTask('projects.purge-deleted-projects', z.object({}))

export const purgeDeletedProjectsTask = (store: ProjectsStore, clock: Clock) =>
  handle(
    purgeDeletedProjects,
    async (_payload, { signal }) => {
      const before = new Date(clock.now().getTime() - retentionMs)
      return { purged: await store.projects.purgeDeleted(before, signal) }
    },
    { schedule: { cron: '27 3 * * *' } },
  )
