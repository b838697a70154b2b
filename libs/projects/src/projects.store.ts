import { createStore, type Store, type StoreDeps } from '@ashlar/core/store'
import {
  createProjectRepository,
  type ProjectRepository,
} from './repositories/project.repository.ts'

export type ProjectsStore = Store<{ projects: ProjectRepository }>

export const createProjectsStore = (deps: StoreDeps): ProjectsStore =>
  createStore(deps, (tables) => ({ projects: createProjectRepository(tables) }))
