import { userDeleted } from '@ashlar/auth/contract'
import { on } from '@ashlar/core/events'
import { projectArchived } from '../events/project-archived.event.ts'
import type { ProjectsStore } from '../projects.store.ts'

/** So many that one transaction stays short. */
const batch = 200

export const archiveProjectsOfDeletedUser = (store: ProjectsStore) =>
  on(userDeleted, 'projects.archive-projects-of-deleted-user', async ({ userId }) => {
    while ((await archiveSome(store, userId)) === batch);
  })

const archiveSome = (store: ProjectsStore, ownerId: number): Promise<number> =>
  store.transaction(async (store) => {
    const ids = await store.projects.archiveSomeOf(ownerId, batch)
    for (const projectId of ids) await store.events.publish(projectArchived, { projectId })
    return ids.length
  })
