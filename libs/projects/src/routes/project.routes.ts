import { z } from 'zod'
import type { AuthGuards } from '@ashlar/auth/contract'
import { createRoutes, forbidden, ResourceId } from '@ashlar/core/http'
import {
  projectChanged,
  projectNameTaken,
  projectNotDeleted,
  projectNotFound,
} from '../projects.errors.ts'
import { NewProject, Project, ProjectChange, versionOf } from '../schemas/project.schema.ts'
import { projectTag, type ProjectService } from '../services/project.service.ts'
import { projectList } from './project.list.ts'
import type { ProjectPresenter } from './project.presenter.ts'

const params = z.strictObject({ id: ResourceId })

export interface ProjectRoutesDeps {
  projects: ProjectService
  present: ProjectPresenter
  guards: AuthGuards
}

export function projectRoutes({ projects, present, guards }: ProjectRoutesDeps) {
  const reader = guards.activeUserOrKey('projects:read')
  const writer = guards.activeUserOrKey('projects:write')
  const routes = createRoutes({
    prefix: '/projects',
    tag: 'Projects',
    description: 'What users work on. Owners see their own, administrators see all.',
  })

  routes.get(
    '/',
    { summary: 'List projects', guard: reader, list: projectList, response: Project },
    async ({ list, user }) => present.page(await projects.findPage(list, user)),
  )

  routes.post(
    '/',
    {
      summary: 'Start a project',
      guard: writer,
      idempotent: true,
      body: NewProject,
      response: Project,
      status: 201,
      location: (project) => `/projects/${project.id}`,
      errors: [projectNameTaken],
    },
    async ({ body, user, once }) => {
      const presentOwn = present.ownedBy(user)
      return presentOwn(await projects.create(body, user, once.of(presentOwn)))
    },
  )

  routes.get(
    '/:id',
    {
      summary: 'Read a project',
      guard: reader,
      params,
      response: Project,
      etag: versionOf,
      cache: {
        ttlMs: 60_000,
        tags: ({ params }) => [projectTag(params.id)],
        // An administrator sees more, and may be one no longer. Owners with a new name need the tag that `If-Match` takes now.
        vary: ({ user }) => `${user.role} ${user.username}`,
      },
      errors: [projectNotFound],
    },
    async ({ params, user }) => present.one(await projects.get(params.id, user)),
  )

  routes.patch(
    '/:id',
    {
      summary: 'Change a project',
      description:
        'Only its owner can. With `If-Match`, nobody overwrites what they have not seen.',
      guard: writer,
      params,
      ifMatch: 'optional',
      body: ProjectChange,
      response: Project,
      etag: versionOf,
      errors: [projectNotFound, forbidden, projectNameTaken, projectChanged],
    },
    async ({ params, body, user, precondition }) =>
      present.one(await projects.update(params.id, body, { actor: user, precondition })),
  )

  routes.delete(
    '/:id',
    { summary: 'Delete a project', guard: writer, params, errors: [projectNotFound] },
    ({ params, user }) => projects.remove(params.id, user),
  )

  routes.post(
    '/:id/restore',
    {
      summary: 'Bring a deleted project back',
      guard: writer,
      params,
      response: Project,
      errors: [projectNotFound, projectNotDeleted, projectNameTaken],
    },
    async ({ params, user }) => present.one(await projects.restore(params.id, user)),
  )

  return routes
}
