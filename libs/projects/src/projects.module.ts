import type { AuthGateway, AuthGuards } from '@ashlar/auth/contract'
import type { Core, FeatureModule } from '@ashlar/core/module'
import { projectArchived } from './events/project-archived.event.ts'
import { archiveProjectsOfDeletedUser } from './listeners/archive-projects-of-deleted-user.listener.ts'
import { deleteProjectsOfPurgedUser } from './listeners/delete-projects-of-purged-user.listener.ts'
import { projectsErrors } from './projects.errors.ts'
import { createProjectsStore } from './projects.store.ts'
import { createProjectPresenter } from './routes/project.presenter.ts'
import { projectRoutes } from './routes/project.routes.ts'
import { createProjectService } from './services/project.service.ts'
import { purgeDeletedProjectsTask } from './tasks/purge-deleted-projects.task.ts'

export type ProjectsModule = FeatureModule<undefined>

export interface ProjectsModuleDeps {
  core: Core
  auth: { gateway: Pick<AuthGateway, 'getUsers'>; guards: AuthGuards }
}

export function createProjectsModule({ core, auth }: ProjectsModuleDeps): ProjectsModule {
  const store = createProjectsStore(core)
  const projects = createProjectService({ store, cache: core.cache })
  const present = createProjectPresenter(auth.gateway)
  return {
    name: 'projects',
    routes: [projectRoutes({ projects, present, guards: auth.guards })],
    events: [projectArchived],
    listeners: [
      archiveProjectsOfDeletedUser({ store, cache: core.cache }),
      deleteProjectsOfPurgedUser({ store, cache: core.cache }),
    ],
    tasks: [purgeDeletedProjectsTask(store, core.clock)],
    errors: projectsErrors,
    gateway: undefined,
  }
}
