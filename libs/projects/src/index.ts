export {
  createProjectsModule,
  type ProjectsModule,
  type ProjectsModuleDeps,
} from './projects.module.ts'
