import type { Page } from '@ashlar/core/db'
import type { AuthGateway } from '@ashlar/auth/contract'
import type { Project as ProjectRow } from '../repositories/project.repository.ts'
import type { Project } from '../schemas/project.schema.ts'

interface Owner {
  id: number
  username: string
}

export type ProjectPresenter = ReturnType<typeof createProjectPresenter>

/** Projects as the API shows them, with the names of their owners. */
export function createProjectPresenter(auth: Pick<AuthGateway, 'getUsers'>) {
  return { one, page, ownedBy }

  async function one(project: ProjectRow): Promise<Project> {
    const [presented] = await many([project])
    return presented!
  }

  async function page(page: Page<ProjectRow>): Promise<Page<Project>> {
    return { ...page, data: await many(page.data) }
  }

  /** For projects of somebody who is known: asks nobody, so that it can be done in a transaction. */
  function ownedBy({ id, username }: Owner): (project: ProjectRow) => Project {
    const usernames = new Map([[id, username]])
    return (project) => toProject(project, usernames)
  }

  /** Asks auth once, however many there are. */
  async function many(projects: readonly ProjectRow[]): Promise<Project[]> {
    const users = await auth.getUsers([...new Set(projects.map(({ ownerId }) => ownerId))])
    const usernames = new Map(users.map(({ id, username }) => [id, username]))
    return projects.map((project) => toProject(project, usernames))
  }
}

const toProject = (
  { ownerId, createdAt, updatedAt, ...project }: ProjectRow,
  usernames: ReadonlyMap<number, string>,
): Project => ({
  ...project,
  owner: { id: ownerId, username: usernames.get(ownerId) ?? null },
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
})
