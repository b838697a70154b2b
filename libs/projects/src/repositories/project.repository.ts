import {
  onlyDeleted,
  violates,
  withDeleted,
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
    findIdsOf,
    archive,
    takeOut,
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

  /** The next ids of an owner's projects, deleted ones included, in their order. */
  async function findIdsOf(
    ownerId: number,
    { after, limit }: { after: number; limit: number },
  ): Promise<number[]> {
    const projects = await db.project.findMany({
      where: { ownerId, id: { gt: after }, ...withDeleted },
      select: { id: true },
      orderBy: { id: 'asc' },
      take: limit,
    })
    return projects.map(({ id }) => id)
  }

  /** Archives those that are active and not deleted, and returns their ids. */
  async function archive(ids: number[]): Promise<number[]> {
    const projects = await db.project.updateManyAndReturn({
      where: { id: { in: ids }, status: 'active' },
      data: { status: 'archived', version: { increment: 1 } },
      select: { id: true },
    })
    return projects.map(({ id }) => id)
  }

  /** Takes projects out of the table, deleted or not. */
  async function takeOut(ids: number[]): Promise<void> {
    await db.project.deleteManyPermanently({ where: { id: { in: ids } } })
  }
}

function tellTakenName(error: unknown): never {
  if (violates(error, 'project_name_key')) throw projectNameTaken({ cause: error })
  throw error
}
