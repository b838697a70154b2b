/** As much of a user as the rules ask for. */
export interface Actor {
  id: number
  role: 'user' | 'admin'
}

interface Owned {
  ownerId: number
}

/** Which projects somebody may see at all: the scope of lists and of every look-up. */
export const visibleProjects = (actor: Actor): Partial<Owned> =>
  actor.role === 'admin' ? {} : { ownerId: actor.id }

/** An administrator may take a project away and bring it back; its words belong to its owner. */
export const canUpdateProject = (actor: Actor, project: Owned): boolean =>
  project.ownerId === actor.id

export const canDeleteProject = (actor: Actor, project: Owned): boolean =>
  actor.role === 'admin' || project.ownerId === actor.id

export const canRestoreProject = (actor: Actor, project: Owned): boolean =>
  canDeleteProject(actor, project)
