import type { Page } from '@ashlar/core/db'
import type { AuthGateway } from '@ashlar/auth/contract'
import type { Project as ProjectRow } from '../repositories/project.repository.ts'
import type { Project } from '../schemas/project.schema.ts'

export type ProjectPresenter = ReturnType<typeof createProjectPresenter>

/** Projects as the API shows them, with the names of their owners. */
export function createProjectPresenter(auth: Pick<AuthGateway, 'getUsers'>) {
  return { one, page }

  async function one(project: ProjectRow): Promise<Project> {
    const [presented] = await many([project])
    return presented!
  }

  async function page(page: Page<ProjectRow>): Promise<Page<Project>> {
    return { ...page, data: await many(page.data) }
  }

  /** Asks auth once, however many there are. */
  async function many(projects: readonly ProjectRow[]): Promise<Project[]> {
    const users = await auth.getUsers([...new Set(projects.map(({ ownerId }) => ownerId))])
    const usernames = new Map(users.map(({ id, username }) => [id, username]))
    return projects.map(({ ownerId, createdAt, updatedAt, ...project }) => ({
      ...project,
      owner: { id: ownerId, username: usernames.get(ownerId) ?? null },
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    }))
  }
}
