import { userDeleted } from '@ashlar/auth/contract'
import type { Cache } from '@ashlar/core/cache'
import { on } from '@ashlar/core/events'
import { projectArchived } from '../events/project-archived.event.ts'
import type { ProjectsStore } from '../projects.store.ts'
import { projectTag } from '../services/project.service.ts'

/** So many that one transaction stays short. */
const batch = 200

export interface ArchiveProjectsDeps {
  store: ProjectsStore
  cache: Pick<Cache, 'invalidateTags'>
}

export const archiveProjectsOfDeletedUser = (deps: ArchiveProjectsDeps) =>
  on(userDeleted, 'projects.archive-projects-of-deleted-user', async ({ userId }) => {
    while ((await archiveSome(deps, userId)) > 0);
  })

const archiveSome = ({ store, cache }: ArchiveProjectsDeps, ownerId: number): Promise<number> =>
  store.transaction(async (store) => {
    const ids = await store.projects.archiveSomeOf(ownerId, batch)
    for (const projectId of ids) await store.events.publish(projectArchived, { projectId })
    store.afterCommit(() => cache.invalidateTags(ids.map(projectTag)), { evenIfUnknown: true })
    return ids.length
  })
