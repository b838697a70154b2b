import {
  onlyDeleted,
  violates,
  type DbFor,
  type Page,
  type PageRequest,
  type Row,
} from '@ashlar/core/db'
import { projectNameTaken } from '../projects.errors.ts'
import type { NewProject, ProjectChange } from '../schemas/project.schema.ts'

export type Project = Row<'project'>
export type ProjectRepository = ReturnType<typeof createProjectRepository>

type Scope = Partial<Pick<Project, 'ownerId'>>

export function createProjectRepository(db: DbFor<'project'>) {
  return {
    create,
    find,
    findPage,
    findDeleted,
    update,
    remove,
    restore,
    archiveSomeOf,
    purgeDeleted,
  }

  /** Throws a conflict when the owner has a project with this name. */
  function create(data: NewProject & { ownerId: number }): Promise<Project> {
    return db.project.create({ data }).catch(tellTakenName)
  }

  function find(id: number, scope: Scope): Promise<Project | null> {
    return db.project.findFirst({ where: { id, ...scope } })
  }

  function findPage(list: PageRequest, scope: Scope): Promise<Page<Project>> {
    return db.project.findPage({ where: scope, list })
  }

  function findDeleted(id: number, scope: Scope): Promise<Project | null> {
    return db.project.findFirst({ where: { id, ...scope, ...onlyDeleted } })
  }

  /** Null when the project has changed since this version of it was read. */
  async function update(
    { id, version }: Pick<Project, 'id' | 'version'>,
    change: ProjectChange,
  ): Promise<Project | null> {
    const [project] = await db.project
      .updateManyAndReturn({
        where: { id, version },
        data: { ...change, version: { increment: 1 } },
      })
      .catch(tellTakenName)
    return project ?? null
  }

  async function remove(id: number): Promise<void> {
    await db.project.delete({ where: { id } })
  }

  /** Throws a conflict when the owner has made another project with this name. */
  function restore(id: number): Promise<Project> {
    return db.project
      .restore({ where: { id }, data: { version: { increment: 1 } } })
      .catch(tellTakenName)
  }

  /** Removes for good what was deleted before. */
  function purgeDeleted(before: Date, signal: AbortSignal): Promise<number> {
    return db.project.purgeDeleted({ before, signal })
  }

  /** Archives up to `limit` active projects of an owner and gives their ids. */
  async function archiveSomeOf(ownerId: number, limit: number): Promise<number[]> {
    const where = { ownerId, status: 'active' as const }
    const some = await db.project.findMany({ where, select: { id: true }, take: limit })
    // Asked once more of each, in the statement that archives it: Prisma's `limit` does not.
    const projects = await db.project.updateManyAndReturn({
      where: { ...where, id: { in: some.map(({ id }) => id) } },
      data: { status: 'archived', version: { increment: 1 } },
    })
    return projects.map(({ id }) => id)
  }
}

function tellTakenName(error: unknown): never {
  if (violates(error, 'project_name_key')) throw projectNameTaken({ cause: error })
  throw error
}
