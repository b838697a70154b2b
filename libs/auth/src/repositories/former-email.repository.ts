import type { DbFor } from '@ashlar/core/db'

export type FormerEmailRepository = ReturnType<typeof createFormerEmailRepository>

export function createFormerEmailRepository(db: DbFor<'formerEmail'>) {
  return { create, findAt, deleteBefore, purgeOf }

  async function create(former: { userId: number; email: string }): Promise<void> {
    await db.formerEmail.create({ data: former })
  }

  /** The address that the account had then; null if it is the one that it has now. */
  async function findAt(userId: number, then: Date): Promise<string | null> {
    const former = await db.formerEmail.findFirst({
      where: { userId, endedAt: { gt: then } },
      orderBy: { endedAt: 'asc' },
      select: { email: true },
    })
    return former?.email ?? null
  }

  function deleteBefore(before: Date, signal: AbortSignal): Promise<number> {
    return db.formerEmail.deleteInBatches({
      where: { endedAt: { lt: before } },
      by: 'endedAt',
      signal,
    })
  }

  /** Deletes the rows of a user that is purged, batch by batch. */
  async function purgeOf(userId: number, signal: AbortSignal): Promise<void> {
    await db.formerEmail.deleteInBatches({
      where: { userId },
      by: 'userId',
      signal,
    })
  }
}
