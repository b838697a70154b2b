import { violates, type DbFor, type Page, type PageRequest, type Row } from '@ashlar/core/db'
import type { User } from './user.repository.ts'

export type ExternalIdentity = Row<'externalIdentity'>
export type ExternalIdentityRepository = ReturnType<typeof createExternalIdentityRepository>

type NewIdentity = Omit<ExternalIdentity, 'id'>

export function createExternalIdentityRepository(db: DbFor<'externalIdentity'>) {
  return { create, findWithUser, findPageOf, countOf, remove, removeAllOf, purgeOf }

  function create(data: NewIdentity): Promise<ExternalIdentity> {
    return db.externalIdentity.create({ data })
  }

  /** With `user: null` if the account was deleted. */
  function findWithUser(
    provider: string,
    subject: string,
  ): Promise<(ExternalIdentity & { user: User | null }) | null> {
    return db.externalIdentity.findFirst({ where: { provider, subject }, include: { user: true } })
  }

  function findPageOf(userId: number, list: PageRequest): Promise<Page<ExternalIdentity>> {
    return db.externalIdentity.findPage({ where: { userId }, list })
  }

  function countOf(userId: number): Promise<number> {
    return db.externalIdentity.count({ where: { userId } })
  }

  /** Whether there was one to remove. */
  async function remove(identity: Pick<ExternalIdentity, 'id' | 'userId'>): Promise<boolean> {
    const { id, userId } = identity
    const { count } = await db.externalIdentity.deleteMany({ where: { id, userId } })
    return count > 0
  }

  /** Whether there were any to remove. */
  async function removeAllOf(userId: number): Promise<boolean> {
    const { count } = await db.externalIdentity.deleteMany({ where: { userId } })
    return count > 0
  }

  /** Deletes the rows of a user that is purged, batch by batch. */
  async function purgeOf(userId: number): Promise<void> {
    await db.externalIdentity.deleteInBatches({ where: { userId }, by: 'userId' })
  }
}

/** Another sign-in made the same identity at the same time. */
export const isIdentityTaken = (error: unknown): boolean =>
  violates(error, 'external_identity_provider_subject_key')
