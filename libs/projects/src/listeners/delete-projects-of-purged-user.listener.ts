import { userPurged } from '@ashlar/auth/contract'
import type { Cache } from '@ashlar/core/cache'
import { on } from '@ashlar/core/events'
import type { ProjectsStore } from '../projects.store.ts'
import { projectTag } from '../services/project.service.ts'
import { forEachBatchOf } from '../services/projects-of-owner.ts'

export interface DeleteProjectsDeps {
  store: ProjectsStore
  cache: Pick<Cache, 'invalidateTags'>
}

/** Projects go for good with the account of their owner. A second run finds none. */
export const deleteProjectsOfPurgedUser = ({ store, cache }: DeleteProjectsDeps) =>
  on(userPurged, 'projects.delete-projects-of-purged-user', ({ userId: ownerId }, { signal }) =>
    forEachBatchOf({ store, ownerId, signal }, async (store, ids) => {
      await store.projects.takeOut(ids)
      const tags = ids.map(projectTag)
      store.afterCommit(() => cache.invalidateTags(tags), { evenIfUnknown: true })
    }),
  )
