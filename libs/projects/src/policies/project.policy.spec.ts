import {
  canDeleteProject,
  canRestoreProject,
  canUpdateProject,
  visibleProjects,
} from './project.policy.ts'

const project = { ownerId: 1 }
const owner = { id: 1, role: 'user' as const }
const other = { id: 2, role: 'user' as const }
const admin = { id: 3, role: 'admin' as const }

it.each([
  ['owner', owner, { update: true, delete: true, restore: true }],
  ['other', other, { update: false, delete: false, restore: false }],
  ['admin', admin, { update: false, delete: true, restore: true }],
])('what the %s may do with a project', (_name, actor, may) => {
  expect({
    update: canUpdateProject(actor, project),
    delete: canDeleteProject(actor, project),
    restore: canRestoreProject(actor, project),
  }).toEqual(may)
})

it('an administrator sees every project, anybody else the own ones', () => {
  expect(visibleProjects(admin)).toEqual({})
  expect(visibleProjects(other)).toEqual({ ownerId: 2 })
})
