import { defineError } from '@ashlar/core/errors'

export const projectNotFound = defineError({
  kind: 'not_found',
  code: 'projects.project_not_found',
  title: 'Project not found',
  detail: 'There is no such project, or it is not yours.',
  help: 'Check the id.',
})

export const projectNameTaken = defineError({
  kind: 'conflict',
  code: 'projects.name_taken',
  title: 'Project name taken',
  detail: 'The owner has another project with this name.',
  help: 'Choose another name, or rename the other project.',
})

export const projectChanged = defineError({
  kind: 'conflict',
  code: 'projects.project_changed',
  title: 'Project changed',
  detail: 'Somebody else changed the project at the same moment.',
  help: 'Read the project and repeat the change.',
})

export const projectNotDeleted = defineError({
  kind: 'conflict',
  code: 'projects.project_not_deleted',
  title: 'Project not deleted',
  detail: 'Only a deleted project can be restored.',
  help: 'Read the project: it is there.',
})

/** The module's part of the problem catalogue. */
export const projectsErrors = [projectNotFound, projectNameTaken, projectChanged, projectNotDeleted]
