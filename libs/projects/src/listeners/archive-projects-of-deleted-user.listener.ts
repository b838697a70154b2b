import { userDeleted } from '@ashlar/auth/contract'
import type { Cache } from '@ashlar/core/cache'
import { on } from '@ashlar/core/events'
import { projectArchived } from '../events/project-archived.event.ts'
import type { ProjectsStore } from '../projects.store.ts'
import { projectTag } from '../services/project.service.ts'
import { forEachBatchOf } from '../services/projects-of-owner.ts'

export interface ArchiveProjectsDeps {
  store: ProjectsStore
  cache: Pick<Cache, 'invalidateTags'>
}

export const archiveProjectsOfDeletedUser = ({ store, cache }: ArchiveProjectsDeps) =>
  on(userDeleted, 'projects.archive-projects-of-deleted-user', ({ userId: ownerId }, { signal }) =>
    forEachBatchOf({ store, ownerId, signal }, async (store, ids) => {
      const archived = await store.projects.archive(ids)
      for (const projectId of archived) await store.events.publish(projectArchived, { projectId })
      const tags = archived.map(projectTag)
      store.afterCommit(() => cache.invalidateTags(tags), { evenIfUnknown: true })
    }),
  )
