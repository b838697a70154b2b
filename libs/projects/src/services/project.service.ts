import type { Cache } from '@ashlar/core/cache'
import type { Page, PageRequest } from '@ashlar/core/db'
import { forbidden, type Once, type Precondition } from '@ashlar/core/http'
import { projectArchived } from '../events/project-archived.event.ts'
import {
  canDeleteProject,
  canRestoreProject,
  canUpdateProject,
  visibleProjects,
  type Actor,
} from '../policies/project.policy.ts'
import { projectChanged, projectNotDeleted, projectNotFound } from '../projects.errors.ts'
import type { ProjectsStore } from '../projects.store.ts'
import type { Project } from '../repositories/project.repository.ts'
import { versionOf, type NewProject, type ProjectChange } from '../schemas/project.schema.ts'

export type ProjectService = ReturnType<typeof createProjectService>

interface Update {
  /** With the name that is in the owner's answers, and so in their tags. */
  actor: Actor & { username: string }
  precondition: Precondition
}

export interface ProjectServiceDeps {
  store: ProjectsStore
  cache: Pick<Cache, 'invalidateTags'>
}

/** Names in the cache what is made of one project. */
export const projectTag = (id: number): string => `projects.project:${id}`

export function createProjectService({ store, cache }: ProjectServiceDeps) {
  return { create, findPage, get, update, remove, restore }

  function create(values: NewProject, actor: Actor, once: Once<Project>): Promise<Project> {
    return store.transaction(async (store) => {
      const project = await store.projects.create({ ...values, ownerId: actor.id })
      await store.answers.keep(once, project)
      return project
    })
  }

  function findPage(list: PageRequest, actor: Actor): Promise<Page<Project>> {
    return store.projects.findPage(list, visibleProjects(actor))
  }

  async function get(id: number, actor: Actor): Promise<Project> {
    const project = await store.projects.find(id, visibleProjects(actor))
    if (!project) throw projectNotFound()
    return project
  }

  async function update(
    id: number,
    change: ProjectChange,
    { actor, precondition }: Update,
  ): Promise<Project> {
    const project = await get(id, actor)
    if (!canUpdateProject(actor, project)) throw forbidden()
    precondition.check(versionOf({ ...project, owner: actor }))
    return store.transaction(async (store) => {
      const updated = await store.projects.update(project, change)
      if (!updated) throw await lostRace(store)
      if (project.status === 'active' && updated.status === 'archived')
        await store.events.publish(projectArchived, { projectId: id })
      forgetAfterCommit(store, id)
      return updated
    })

    /** Somebody was faster: with If-Match, that is another version (412). */
    async function lostRace(store: ProjectsStore): Promise<Error> {
      const now = await store.projects.find(id, visibleProjects(actor))
      if (!now) return projectNotFound()
      precondition.check(versionOf({ ...now, owner: actor }))
      return projectChanged()
    }
  }

  async function remove(id: number, actor: Actor): Promise<void> {
    if (!canDeleteProject(actor, await get(id, actor))) throw forbidden()
    await store.transaction(async (store) => {
      await store.projects.remove(id)
      forgetAfterCommit(store, id)
    })
  }

  async function restore(id: number, actor: Actor): Promise<Project> {
    const project = await store.projects.findDeleted(id, visibleProjects(actor))
    if (!project) {
      await get(id, actor)
      throw projectNotDeleted()
    }
    if (!canRestoreProject(actor, project)) throw forbidden()
    return store.projects.restore(id)
  }

  function forgetAfterCommit(store: ProjectsStore, id: number): void {
    store.afterCommit(() => cache.invalidateTags([projectTag(id)]), { evenIfUnknown: true })
  }
}
