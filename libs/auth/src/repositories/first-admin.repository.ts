import type { DbFor } from '@ashlar/core/db'

export type FirstAdminRepository = ReturnType<typeof createFirstAdminRepository>

/** The mark that there is an administrator, or was one. It outlives accounts and audit trail. */
export function createFirstAdminRepository(db: DbFor<'firstAdmin'>) {
  return { isMarked, mark }

  async function isMarked(): Promise<boolean> {
    return (await db.firstAdmin.count()) > 0
  }

  /** Whether it was this call that marked it. Others at the same time wait for its transaction. */
  async function mark(now: Date): Promise<boolean> {
    const { count } = await db.firstAdmin.createMany({
      data: [{ markedAt: now }],
      skipDuplicates: true,
    })
    return count > 0
  }
}
