export { projectArchived } from './events/project-archived.event.ts'
